"""Limits with what-if, switches, the safety log and the audit log."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.clock import now
from common.errors import InvalidInput, NotFound, PufflingError
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.limits_form import LimitsForm, what_if_context
from dashboard.selectors import safety_desk
from dashboard.selectors.safety import (
    KINDS,
    audit_page,
    audit_state,
    limited_portfolio,
    limits_of,
    policy_of,
    safety_events,
    switches_reaching,
    title_of,
    versions_page,
)
from dashboard.selectors.trading import portfolio_of
from orders import killing
from safety.changing import change_safety
from safety.models import Switch, TradingState


@require_GET
@page
def safety(request: UserRequest) -> HttpResponse:
    policy = policy_of(request.user)
    context = {
        "policy": policy,
        "groups": safety_desk.grouped(limits_of(policy)),
        "reaches": safety_desk.reaches(request.user, switches_reaching(request.user)),
        "arming": safety_desk.arming(request.user, policy),
        "states": TradingState.choices,
        "events": safety_events(request.user),
        "audit": audit_state(request.user),
    }
    return show(request, "dashboard/safety/page.html", context, active="safety")


@require_http_methods(["GET", "POST"])
@page
def limits(request: UserRequest) -> HttpResponse:
    """Show the form (GET), change limits (POST): tighter at once, looser with the password."""
    user, status = request.user, 200
    portfolio = limited_portfolio(user)
    form = LimitsForm(policy_of(user), request.POST if request.method == "POST" else None)
    if request.method == "POST":
        try:
            change_safety(
                user=user,
                changes=form.changes(),
                password=request.POST.get("current_password") or None,
                actor=actor(user),
                now=now(),
                portfolio=portfolio,
            )
        except InvalidInput as error:
            form.refuse(error)
            status = 400
        except PufflingError as error:
            messages.error(request, error.detail)
            status = error.status
        else:
            messages.success(request, "Your limits are saved. They hold from this moment on.")
            return redirect("dashboard:safety-limits")
    versions = [
        (version, [(title_of(change.name), change.before, change.after) for change in changes])
        for version, changes in versions_page(user)
    ]
    context = {"form": form, "policy": form.policy, "portfolio": portfolio, "versions": versions}
    return show(request, "dashboard/safety/limits.html", context, active="safety", status=status)


@require_POST
@page
def what_if(request: UserRequest) -> HttpResponse:
    """Which of last month's orders the limits as typed would have judged otherwise. Nothing is saved."""
    form = LimitsForm(policy_of(request.user), request.POST)
    context = what_if_context(request.user, form, limited_portfolio(request.user), now=now())
    if request.htmx:
        return render(request, "dashboard/safety/what_if.html", context)
    return show(request, "dashboard/safety/what_if_page.html", context, active="safety")


@require_POST
@page
def state(request: UserRequest) -> HttpResponse:
    """Set trading to active, reducing or halted: for everything of the user, or for one portfolio."""
    chosen = request.POST.get("portfolio", "")
    portfolio = portfolio_of(request.user, chosen) if chosen else None
    attempt(
        request,
        "Saved. It holds from this moment on.",
        lambda: change_safety(
            user=request.user,
            changes={"trading_state": request.POST.get("trading_state", "")},
            password=request.POST.get("current_password") or None,
            actor=actor(request.user),
            now=now(),
            portfolio=portfolio,
        ),
    )
    return back(request, "dashboard:safety")


@require_GET
@page
def audit(request: UserRequest) -> HttpResponse:
    filters = {name: request.GET.get(name, "") for name in ("kind", "subject", "actor")}
    context = {
        "rows": audit_page(request.user, filters, request.GET.get("page", "1")),
        "filters": filters,
        "kinds": KINDS,
        "filtered": any(filters.values()),
        "audit": audit_state(request.user),
    }
    return show(request, "dashboard/safety/audit.html", context, active="safety")


@require_http_methods(["GET", "POST"])
@page
def kill(request: UserRequest) -> HttpResponse:
    """Ask first (GET), then stop all trading of this user, or of one part, and cancel what is open (POST)."""
    scope, scope_id, title = _reach(request)
    if request.method == "GET":
        part = {"scope": scope, "scope_id": scope_id, "title": title}
        return show(request, "dashboard/safety/kill.html", {"part": part}, active="safety")
    report = killing.kill(
        scope=scope,
        scope_id=scope_id,
        user=request.user,
        reason=request.POST.get("reason", "").strip(),
        actor=actor(request.user),
        now=now(),
    )
    tell = messages.error if report.verified_in_seconds is None else messages.success
    tell(request, f"{title} is stopped. {report.sentence}")
    return back(request, "dashboard:overview")


@require_POST
@page
def resume(request: UserRequest) -> HttpResponse:
    """Trade again: the word must be typed, and the books must agree with the broker."""
    scope, scope_id, _ = _reach(request)
    attempt(
        request,
        "Trading is on again.",
        lambda: killing.resume(
            scope=scope,
            scope_id=scope_id,
            user=request.user,
            word=request.POST.get("word", "").strip(),
            actor=actor(request.user),
            now=now(),
        ),
    )
    return back(request, "dashboard:safety")


def _reach(request: UserRequest) -> tuple[str, str, str]:
    """(scope, id, title) of what is meant: everything of the user, or one part of it that is named.

    Everything needs no look-up: the kill switch must work whatever else does not. Raises NotFound for what is not
    the user's to stop.
    """
    given = request.POST if request.method == "POST" else request.GET
    scope, scope_id = given.get("scope", ""), given.get("scope_id", "")
    if scope in ("", Switch.Scope.USER):
        return Switch.Scope.USER, str(request.user.pk), "Everything"
    for each in safety_desk.reaches(request.user, switches_reaching(request.user)):
        if (each.scope, each.scope_id) == (scope, scope_id) and scope != Switch.Scope.GLOBAL:
            return each.scope, each.scope_id, each.title
    raise NotFound("There is nothing of yours like that to stop.")
