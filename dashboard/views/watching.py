"""Alerts and safety."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts import history
from alerts.models import Alert
from common.clock import now
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.selectors.missed import missed_of
from dashboard.selectors.watching import alert_page, limits_of, policy_of, safety_events, switches_reaching
from orders import killing
from safety.models import Switch


@require_GET
@page
def alerts(request: UserRequest) -> HttpResponse:
    filters = {name: request.GET.get(name, "") for name in ("kind", "open")}
    context = {
        "rows": alert_page(request.user, filters, request.GET.get("page", "1")),
        "filters": filters,
        "kinds": Alert.Kind.choices,
        **missed_of(request.user),
    }
    return show(request, "dashboard/alerts.html", context, active="alerts")


@require_POST
@page
def acknowledge(request: UserRequest, alert_id: UUID) -> HttpResponse:
    history.acknowledge(user=request.user, alert_id=alert_id, now=now())
    return back(request, "dashboard:alerts")


@require_POST
@page
def acknowledge_all(request: UserRequest) -> HttpResponse:
    count = history.acknowledge_all(user=request.user, now=now())
    messages.success(request, f"{count} {'alert' if count == 1 else 'alerts'} acknowledged.")
    return back(request, "dashboard:alerts")


@require_GET
@page
def safety(request: UserRequest) -> HttpResponse:
    policy = policy_of(request.user)
    context = {
        "policy": policy,
        "limits": limits_of(policy),
        "switches": switches_reaching(request.user),
        "events": safety_events(request.user),
    }
    return show(request, "dashboard/safety/page.html", context, active="safety")


@require_http_methods(["GET", "POST"])
@page
def kill(request: UserRequest) -> HttpResponse:
    """Ask first (GET), then stop all trading of this user and cancel what is open (POST)."""
    if request.method == "GET":
        return show(request, "dashboard/safety/kill.html", {}, active="safety")
    report = killing.kill(
        scope=Switch.Scope.USER,
        scope_id=str(request.user.pk),
        user=request.user,
        reason=request.POST.get("reason", "").strip(),
        actor=actor(request.user),
        now=now(),
    )
    tell = messages.error if report.verified_in_seconds is None else messages.success
    tell(request, f"Everything is stopped. {report.sentence}")
    return back(request, "dashboard:overview")


@require_POST
@page
def resume(request: UserRequest) -> HttpResponse:
    """Trade again: the word must be typed, and the books must agree with the broker."""
    attempt(
        request,
        "Trading is on again.",
        lambda: killing.resume(
            scope=Switch.Scope.USER,
            scope_id=str(request.user.pk),
            user=request.user,
            word=request.POST.get("word", "").strip(),
            actor=actor(request.user),
            now=now(),
        ),
    )
    return back(request, "dashboard:safety")
