"""Scheduled jobs: the form, one job with its runs, the scheduler's switch."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation.jobs.registry import JOB_TYPES
from automation.scheduling import keeping, previewing, reading
from automation.scheduling.timetable import Timetable
from common.clock import now
from common.errors import Conflict, InvalidInput
from dashboard.clock_form import ZONES, chosen
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.job_form import JobForm
from dashboard.selectors.jobs import job_detail, place_words, run_detail, title_of, type_cards
from dashboard.selectors.strategies import portfolios_of

ACTIVE = "strategies"


@require_GET
@page
def jobs(request: UserRequest) -> HttpResponse:
    """They are listed with the strategies."""
    return redirect("/strategies/#jobs")


@require_http_methods(["GET", "POST"])
@page
def new(request: UserRequest) -> HttpResponse:
    """First the type, from cards; then its form."""
    kind = request.GET.get("type", "")
    if kind not in JOB_TYPES:
        return show(request, "dashboard/jobs/types.html", {"types": type_cards()}, active=ACTIVE)
    form = JobForm(kind, request.POST or None, portfolios=portfolios_of(request.user))
    if request.method == "POST":
        try:
            made = keeping.create_job(user=request.user, data=form.as_data(), now=now())
        except InvalidInput as error:
            form.blame(error)
            return _form(request, form, status=422)
        except Conflict as error:
            messages.error(request, error.detail)
            return _form(request, form, status=409)
        messages.success(request, f"{made.name} is made. Run it now to see what it finds.")
        return redirect("dashboard:job", made.pk)
    return _form(request, form)


@require_http_methods(["GET", "POST"])
@page
def edit(request: UserRequest, job_id: UUID) -> HttpResponse:
    found = reading.job_of(request.user, job_id)
    form = JobForm(found.job_type, request.POST or None, portfolios=portfolios_of(request.user), job=found)
    if request.method == "POST":
        try:
            keeping.update_job(user=request.user, job_id=found.pk, changes=form.as_data(), now=now())
        except InvalidInput as error:
            form.blame(error)
            return _form(request, form, status=422)
        messages.success(request, "Saved.")
        return redirect("dashboard:job", found.pk)
    return _form(request, form)


def _form(request: UserRequest, form: JobForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form, "job": form.job, "title": title_of(form.kind), "words": JOB_TYPES[form.kind].words,
        "zones": ZONES,
    }  # fmt: skip
    return show(request, "dashboard/jobs/form.html", context, active=ACTIVE, status=status)


@require_POST
@page
def preview(request: UserRequest) -> HttpResponse:
    """What the typed times mean: in English, the next five, and what summer time does to them."""
    at = now()
    data = {
        "schedule": chosen(request.POST.get("common", ""), request.POST.get("own", "")),
        "timezone": request.POST.get("timezone") or "America/New_York",
        "trading_days_only": request.POST.get("trading_days_only", "") in ("on", "true"),
    }
    context: dict[str, object] = {"zone": data["timezone"]}
    if not data["schedule"]:
        return render(request, "dashboard/jobs/preview.html", {"empty": True})
    try:
        found = previewing.preview(data, now=at)
    except InvalidInput as error:
        context["wrong"] = [text for texts in error.errors.values() for text in texts]
        return render(request, "dashboard/jobs/preview.html", context)
    table = Timetable(
        schedule=found.schedule, timezone=found.timezone, trading_days_only=found.trading_days_only
    )  # fmt: skip
    context |= {
        "words": place_words(found.description),
        "times": found.next_runs,
        "clock_notes": previewing.clock_changes(table, now=at),
    }
    return render(request, "dashboard/jobs/preview.html", context)


@require_POST
@page
def all_jobs(request: UserRequest, verb: str) -> HttpResponse:
    """The switch of the user's whole scheduler."""
    user = request.user
    if verb == "stop":
        attempt(
            request,
            "All your jobs are stopped. What runs already comes to its end.",
            lambda: keeping.stop_all(user=user, now=now(), actor=actor(user)),
        )
    else:
        attempt(request, "Your jobs run at their times again.", lambda: keeping.start_all(user=user, now=now()))
    return redirect("dashboard:strategies")


@require_GET
@page
def job(request: UserRequest, job_id: UUID) -> HttpResponse:
    found = reading.job_of(request.user, job_id)
    context = job_detail(found, request.GET.get("page", "1"), now=now())
    return show(request, "dashboard/jobs/detail.html", context, active=ACTIVE)


@require_GET
@page
def run(request: UserRequest, job_id: UUID, job_run_id: UUID) -> HttpResponse:
    """One run: what it found, and its log."""
    found = reading.run_of(request.user, job_id, job_run_id)
    return show(request, "dashboard/jobs/run.html", run_detail(found), active=ACTIVE)


@require_POST
@page
def do(request: UserRequest, job_id: UUID, verb: str) -> HttpResponse:
    """Run it now, switch it on and off, delete it."""
    user = request.user
    if verb == "run":
        attempt(
            request,
            "It runs as soon as a worker takes it; its result appears here.",
            lambda: keeping.run_now(user=user, job_id=job_id, now=now()),
        )
    elif verb == "delete":
        if attempt(request, "The job and its history are deleted.", lambda: _delete(request, job_id)):
            return redirect("dashboard:strategies")
    else:
        on = verb == "enable"
        attempt(
            request,
            "The job runs at its times." if on else "The job is off: it runs only when you ask for it.",
            lambda: keeping.update_job(user=user, job_id=job_id, changes={"enabled": on}, now=now()),
        )
    return back(request, "dashboard:job", job_id=job_id)


def _delete(request: UserRequest, job_id: UUID) -> None:
    keeping.delete_job(user=request.user, job_id=job_id, now=now())
