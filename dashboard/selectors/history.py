"""A rule's history as its page shows it: entries, what was seen between them, and the orders they led to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator

from automation import steady
from automation.models import Action, Trace
from automation.steady import Watched
from automation.trace_kinds import LABELS, STOPS, Kind
from dashboard.selectors.actions import facts
from orders.models import Order

PAGE = 40
LATEST = 4
FIRINGS = (Kind.FIRED, Kind.CLOCK_DUE, Kind.BY_HAND, Kind.DONE, Kind.COMPLETED)
SHOWN = {"stops": tuple(STOPS), "firings": FIRINGS}
CHOICES = [("", "Everything"), ("stops", "What stopped it"), ("firings", "Firings and trades")]
TONES = {
    "good": (Kind.DONE, Kind.COMPLETED),
    "info": (Kind.FIRED, Kind.CLOCK_DUE, Kind.BY_HAND),
    "bad": (Kind.DENIED, Kind.FAILED, Kind.STOPPED),
    "warn": tuple(STOPS - {Kind.DENIED, Kind.FAILED, Kind.STOPPED}),
}
_TONE_OF = {kind: tone for tone, kinds in TONES.items() for kind in kinds}
# What a row's details do not repeat: it is said elsewhere on the page.
_SAID = frozenset({"by", "trace_id", "message", "execution", "order", "state"})


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """An entry, or (with `watched`) what was seen while nothing changed."""

    at: datetime
    line: str
    label: str = ""
    tone: str = ""
    count: int = 1
    last_at: datetime | None = None
    details: tuple[tuple[str, str], ...] = ()
    orders: tuple[Order, ...] = ()
    watched: Watched | None = None


def history_page(action: Action, filters: Mapping[str, str], number: str, *, now: datetime) -> Page[Any]:
    """One page of entries, newest first, with the watched hours between them unless they are filtered.

    `filters`: show (stops, firings; empty: everything), trace (the trace id of one firing).
    """
    traces = Trace.objects.filter(action=action).order_by("-id")
    if filters.get("show") in SHOWN:
        traces = traces.filter(kind__in=SHOWN[filters["show"]])
    trace = _uuid(filters.get("trace", ""))
    if trace:
        traces = traces.filter(data__trace_id=str(trace))
    page = Paginator(traces, PAGE).get_page(number)
    found = list(page.object_list)
    rows = rows_of(action, found)
    if found and not trace and filters.get("show") not in SHOWN:
        rows = _with_watched(action, found, rows, now)
    page.object_list = rows  # type: ignore[assignment]
    return page


def latest(action: Action) -> list[HistoryRow]:
    """The newest entries, for the rule's page."""
    return rows_of(action, list(Trace.objects.filter(action=action).order_by("-id")[:LATEST]))


def rows_of(action: Action, traces: Sequence[Trace]) -> list[HistoryRow]:
    """Entries with the orders of their firings: one query for all."""
    orders = _orders(action, traces)
    return [
        HistoryRow(
            at=trace.at,
            line=trace.line,
            label=LABELS.get(trace.kind, trace.kind),
            tone=_TONE_OF.get(Kind(trace.kind), "") if trace.kind in LABELS else "",
            count=trace.count,
            last_at=trace.last_at,
            details=_details(trace.data),
            orders=tuple(orders[trace.data.get("trace_id", "")]),
        )
        for trace in traces
    ]


def _details(data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What an evaluation, or the safety gate, decided from; what else a row holds its line says."""
    if not data.get("by") and not data.get("values"):
        return ()
    return tuple(facts({name: value for name, value in data.items() if name not in _SAID}))


def _orders(action: Action, traces: Sequence[Trace]) -> dict[str, list[Order]]:
    found: dict[str, list[Order]] = defaultdict(list)
    ids = {trace.data["trace_id"] for trace in traces if trace.data.get("trace_id")}
    if ids:
        for order in Order.objects.filter(trace_id__in=ids, portfolio__user=action.user_id).order_by("created_at"):
            found[str(order.trace_id)].append(order)
    return found


def _with_watched(action: Action, traces: Sequence[Trace], rows: list[HistoryRow], now: datetime) -> list[HistoryRow]:
    """The rows with what the bars say of the times between them. `traces` run from new to old."""
    newer = Trace.objects.filter(action=action, id__gt=traces[0].id).order_by("id").values_list("at", flat=True).first()
    found = steady.watched(action, steady.stretches(action, list(reversed(traces)), until=newer or now))
    between = [HistoryRow(at=hour.begins, line=hour.line, label="Watched", watched=hour) for hour in found]
    return sorted([*rows, *between], key=lambda row: row.at, reverse=True)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
