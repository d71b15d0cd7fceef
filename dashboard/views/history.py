"""A rule's history: why it traded, and why it did not."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from automation.why import why_not
from common.clock import now
from dashboard.doors import UserRequest, page, show
from dashboard.selectors.actions import action_of
from dashboard.selectors.history import CHOICES, history_page

FILTERS = ("show", "trace")


@require_GET
@page
def history(request: UserRequest, action_id: UUID) -> HttpResponse:
    at = now()
    found = action_of(request.user, action_id)
    filters = {name: request.GET.get(name, "").strip() for name in FILTERS}
    context = {
        "action": found,
        "why": why_not(found, now=at),
        "rows": history_page(found, filters, request.GET.get("page", "1"), now=at),
        "filters": filters,
        "choices": CHOICES,
    }
    return show(request, "dashboard/actions/history.html", context, active="actions")
