"""Backtests: the list, the form, progress and result, several compared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation.backtest import comparing, running, subjects
from automation.backtest.subjects import Subject
from automation.strategies import lifecycle
from automation.strategies.drafting import as_raw
from common.clock import now
from common.errors import Conflict, InvalidInput
from dashboard.backtest_form import BacktestForm
from dashboard.doors import UserRequest, attempt, page, show
from dashboard.selectors.backtests import backtest_page, shown_run, subject_of, subjects_to_offer
from dashboard.selectors.comparing import shown_comparison

ACTIVE = "strategies"


@require_GET
@page
def backtests(request: UserRequest) -> HttpResponse:
    context = {"rows": backtest_page(request.user, request.GET.get("page", "1"))}
    return show(request, "dashboard/backtests/list.html", context, active=ACTIVE)


@require_http_methods(["GET", "POST"])
@page
def new(request: UserRequest) -> HttpResponse:
    """First what is tested, then over which past."""
    offered = subjects_to_offer(request.user)
    key = request.GET.get("subject") or (offered[0][1][0][0] if offered else "")
    context: dict[str, Any] = {"offered": offered, "key": key}
    if not key:
        return show(request, "dashboard/backtests/form.html", context, active=ACTIVE)
    try:
        subject = subject_of(request.user, key)
    except InvalidInput as error:
        context["nothing"] = error.detail
        return show(request, "dashboard/backtests/form.html", context, active=ACTIVE, status=422)
    form = BacktestForm(subject, request.POST or None, today=timezone.localdate(now()))
    context |= {"form": form, "subject": subject}
    status = 200
    if request.method == "POST":
        try:
            data = form.as_data()
            run = running.ask(user=request.user, subject=_with_symbols(request, form), data=data, now=now())
            return redirect("dashboard:backtest", run.pk)
        except InvalidInput as error:
            form.blame(error)
            status = 422
        except Conflict as error:
            messages.error(request, error.detail)
            status = 409
    return show(request, "dashboard/backtests/form.html", context, active=ACTIVE, status=status)


def _with_symbols(request: UserRequest, form: BacktestForm) -> Subject:
    """The subject, or the same strategy on the other symbols that were typed; the stored one is left alone."""
    wanted, subject = form.symbols_wanted(), form.subject
    if wanted is None or subject.id is None:
        return subject
    raw = {**as_raw(lifecycle.strategy_of(request.user, subject.id)), "symbols": wanted, "mode": "monitor"}
    return subjects.unsaved_strategy(request.user, raw)


@require_GET
@page
def backtest(request: UserRequest, backtest_id: UUID) -> HttpResponse:
    """Its progress while it runs, then its result."""
    run = running.run_of(request.user, backtest_id)
    return show(request, "dashboard/backtests/detail.html", shown_run(run), active=ACTIVE)


@require_POST
@page
def discard(request: UserRequest, backtest_id: UUID) -> HttpResponse:
    """Stop a run under way, forget one that has ended."""
    run = running.run_of(request.user, backtest_id)
    ended = run.finished_at is not None
    attempt(
        request,
        "The backtest is deleted." if ended else "Stopped.",
        lambda: running.discard(user=request.user, run_id=backtest_id, now=now()),
    )
    return redirect("dashboard:backtests") if ended else redirect("dashboard:backtest", backtest_id)


@require_GET
@page
def compare(request: UserRequest) -> HttpResponse:
    """Two or more side by side."""
    try:
        ids = [UUID(text) for text in request.GET.getlist("ids")]
        found = comparing.compare(request.user, ids)
    except (ValueError, InvalidInput) as error:
        told = error.detail if isinstance(error, InvalidInput) else "That is not a backtest."
        messages.error(request, f"Choose two to eight finished backtests. {told.removeprefix('ids: ')}")
        return redirect("dashboard:backtests")
    return show(request, "dashboard/backtests/compare.html", shown_comparison(found), active=ACTIVE)
