"""The list of rules: filters, order, pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet

from accounts.models import User
from automation.models import Action, ActionStatus
from dashboard.selectors.actions import Row, with_explanations
from dashboard.trigger_forms import TRIGGER_FORMS

PAGE = 25
# To sort by distance every rule is explained; of more than so many the newest are looked at.
MEASURED = 500
NEAREST = "nearest"
ORDERS = {
    "": ("Newest", ("-created_at",)),
    NEAREST: ("Nearest to firing", ("-created_at",)),
    "fired": ("Last fired", (F("last_triggered_at").desc(nulls_last=True), "-created_at")),
    "next": ("Next due time", (F("next_evaluation_at").asc(nulls_last=True), "-created_at")),
    "symbol": ("Symbol", (F("instrument_id").asc(nulls_last=True), "-created_at")),
}
FILTERS = ("q", "status", "symbol", "action_type", "trigger_type", "sort")
FAR = Decimal(10**9)


def triggers_to_offer() -> list[tuple[str, str]]:
    """The kinds of trigger by their titles."""
    return [(kind, str(form.title)) for kind, form in TRIGGER_FORMS.items()]


def orders_to_offer() -> list[tuple[str, str]]:
    return [(name, title) for name, (title, _) in ORDERS.items()]


def action_page(user: User, filters: Mapping[str, str], number: str, *, now: datetime) -> Page[Row]:
    """One page of rules. `filters`: the names in FILTERS; status empty is all but cancelled, and "all" is all."""
    sort = filters.get("sort", "")
    found = _filtered(user, filters).order_by(*ORDERS.get(sort, ORDERS[""])[1])
    if sort == NEAREST:
        rows = sorted(with_explanations(found[:MEASURED], now=now), key=_distance)
        return Paginator(rows, PAGE).get_page(number)
    page = Paginator(found, PAGE).get_page(number)
    page.object_list = with_explanations(page.object_list, now=now)  # type: ignore[assignment]
    return page  # type: ignore[return-value]


def _filtered(user: User, filters: Mapping[str, str]) -> QuerySet[Action]:
    actions = Action.objects.filter(user=user).select_related("instrument", "portfolio", "goal")
    status = filters.get("status", "")
    if status in ActionStatus.values:
        actions = actions.filter(status=status)
    elif status != "all":
        actions = actions.exclude(status=ActionStatus.CANCELLED)
    if filters.get("symbol"):
        actions = actions.filter(instrument_id=filters["symbol"].upper())
    for field in ("action_type", "trigger_type"):
        if filters.get(field):
            actions = actions.filter(**{field: filters[field]})
    for word in filters.get("q", "").split()[:6]:
        fields = ("name", "notes", "message", "group", "instrument__symbol", "instrument__name", "goal__name")
        matches = Q()
        for field in fields:
            matches |= Q(**{f"{field}__icontains": word})
        actions = actions.filter(matches)
    return actions


def _distance(row: Row) -> Decimal:
    """How far from firing; what is not watched, or has no distance, comes last."""
    away = row.explanation.distance_percent
    return FAR if away is None or row.action.status != ActionStatus.ACTIVE else abs(away)
