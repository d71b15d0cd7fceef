"""Alerts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from alerts import history
from alerts.models import Alert
from common.clock import now
from dashboard.doors import UserRequest, back, page, show
from dashboard.selectors.missed import missed_of
from dashboard.selectors.watching import alert_page


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
