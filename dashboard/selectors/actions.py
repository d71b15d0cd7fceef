"""Rules: the list, one rule with its history, and what will happen next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from automation.explaining import Explanation, explain, explain_many
from automation.firing import seen_sentence
from automation.models import Action, ActionExecution, ActionStatus
from automation.trace_lines import measure_of
from automation.triggers.lasting import duration
from common.errors import NotFound
from markets.models import Instrument
from markets.selectors import bars, latest_quotes
from orders.models import Order, Source

HISTORY = 50
# "Next" is looked for among the user's newest active rules; a list of more is read on the actions page.
LOOKED_AT = 100
NEXT = 5
AT_A_PRICE = ("price_below", "price_above")
EXPLAINED = 15  # of the other kinds, for which nothing cheaper tells the distance
SYMBOLS = 300
MAXIMA = {None: "no limit", 1: "once"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A rule with its explanation."""

    action: Action
    explanation: Explanation


@dataclass(frozen=True, kw_only=True)
class ExecutionRow:
    """A firing with what was seen, what was done and the orders it led to."""

    execution: ActionExecution
    seen: str
    observation: list[tuple[str, str]]
    details: list[tuple[str, str]]
    orders: list[Order]


def with_explanations(actions: Iterable[Action], *, now: datetime) -> list[Row]:
    """Explain many at once."""
    listed = list(actions)
    explanations = explain_many(listed, now=now)
    return [Row(action=action, explanation=explanations[action.pk]) for action in listed]


def action_of(user: User, action_id: UUID) -> Action:
    """One rule. Raises NotFound for anybody else's."""
    action = Action.objects.filter(user=user, pk=action_id).select_related("instrument", "portfolio", "user").first()
    if action is None:
        raise NotFound(f"There is no rule {action_id}.")
    return action


def groups_of(user: User) -> list[str]:
    """The names of the user's groups that still have a living member, to choose from."""
    living = Action.objects.filter(user=user, status__in=(ActionStatus.ACTIVE, ActionStatus.PAUSED)).exclude(group="")
    return list(living.order_by("group").values_list("group", flat=True).distinct()[:100])


def executions_of(action: Action) -> list[ExecutionRow]:
    """The latest firings with their orders: two queries."""
    executions = list(action.executions.order_by("-triggered_at", "-epoch")[:HISTORY])
    orders: dict[str, list[Order]] = defaultdict(list)
    keys = [str(execution.pk) for execution in executions]
    for order in Order.objects.filter(source_kind=Source.ACTION_EXECUTION, source_id__in=keys).order_by("created_at"):
        orders[order.source_id].append(order)
    return [
        ExecutionRow(
            execution=execution,
            seen=seen_sentence(execution),
            observation=facts(execution.observation),
            details=facts(execution.details),
            orders=orders[str(execution.pk)],
        )
        for execution in executions
    ]


def facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A JSON object as name and text, nested objects flattened with a dot."""
    listed: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            listed += [(f"{name} {inner}", text) for inner, text in facts(value)]
        elif isinstance(value, list):
            listed.append((name, ", ".join(str(item) for item in value) or "–"))
        else:
            listed.append((name, "–" if value is None else str(value)))
    return listed


def value_now(action: Action, explanation: Explanation) -> str:
    """The watched value with its unit, where it is not the price itself: '0.11 %', '29.5'."""
    value = explanation.current_value
    if value is None or value == explanation.last_price:
        return ""
    measure = measure_of(action.trigger_type, action.trigger_params, "")
    return "" if measure.pulse else measure.text(round(value, 2) + 0)


def settings_of(action: Action) -> list[tuple[str, str]]:
    """The rule as it is set, for the detail page."""
    params = [(f"trigger: {name.replace('_', ' ')}", text) for name, text in facts(action.trigger_params)]
    limits = [
        ("portfolio", action.portfolio.name),
        ("order", f"{action.get_order_type_display()}, {action.get_time_in_force_display()}"),
        ("at most", MAXIMA.get(action.max_executions, f"{action.max_executions} times")),
        ("wait between firings", duration(action.cooldown_seconds) if action.cooldown_seconds else "none"),
        ("if its time was missed", action.get_missed_policy_display()),
    ]
    window = [
        (name, f"{timezone.localtime(at):%d %b %Y, %H:%M %Z}")
        for name, at in (("not before", action.valid_from), ("until", action.valid_until))
        if at
    ]
    texts = [(name, text) for name, text in (("message", action.message), ("notes", action.notes)) if text]
    return [("trigger", action.trigger_type.replace("_", " ")), *params, *limits, *window, *texts]


def chart_of(action: Action, explanation: Explanation, *, now: datetime) -> dict[str, Any]:
    """Bars, the firing price as a line and the firings as markers: minute bars of the last hours, else daily ones."""
    if not action.instrument_id:
        return {"points": [], "lines": [], "markers": [], "offset": 0}
    found = bars(action.instrument_id, "1m", now - timedelta(days=4), now, limit=240)
    if len(found) < 30:
        found = bars(action.instrument_id, "1d", now - timedelta(days=400), now, limit=240)
    begin = found[0].at if found else now
    fired = action.executions.filter(triggered_at__gte=begin).order_by("triggered_at")[:HISTORY]
    price = explanation.firing_price
    return {
        "points": [
            {
                "time": int(bar.at.timestamp()),
                "open": float(bar.open),
                "high": float(bar.high),
                "low": float(bar.low),
                "close": float(bar.close),
            }
            for bar in found
        ],
        "lines": [] if price is None else [{"price": float(price), "title": "fires"}],
        "markers": [
            {"time": int(execution.triggered_at.timestamp()), "text": execution.get_state_display()}
            for execution in fired
        ],
        "offset": offset_minutes(now),
        "timeframe": found[0].timeframe if found else "",
    }


def offset_minutes(now: datetime) -> int:
    """How far the page's time zone is ahead of UTC, for the chart's axis."""
    offset = timezone.localtime(now).utcoffset()
    return int(offset.total_seconds() // 60) if offset else 0


def next_up(user: User, *, now: datetime) -> dict[str, list[Row]]:
    """The nearest triggers and the next clock times."""
    active = Action.objects.filter(user=user, status=ActionStatus.ACTIVE).select_related("instrument", "portfolio")
    newest = list(active.filter(next_evaluation_at__isnull=True).order_by("-created_at")[:LOOKED_AT])
    watched = with_explanations(_worth_explaining(newest), now=now)
    far = Decimal(10**9)  # what has no distance comes last, newest first
    near = sorted(watched, key=lambda row: far if (d := row.explanation.distance_percent) is None else abs(d))
    timed = with_explanations(
        active.filter(next_evaluation_at__isnull=False).order_by("next_evaluation_at")[:NEXT], now=now
    )
    return {"upcoming": near[:NEXT], "timed": timed}


def _worth_explaining(actions: list[Action]) -> list[Action]:
    """Those that may be among the nearest: a rule at a price is measured by it, which costs less than a sentence."""
    levels = [action for action in actions if action.trigger_type in AT_A_PRICE]
    quotes = latest_quotes({action.instrument_id for action in levels if action.instrument_id})

    def away(action: Action) -> Decimal:
        quote = quotes.get(action.instrument_id or "")
        return abs(Decimal(action.trigger_params["threshold"]) / quote.last - 1) if quote else Decimal("Infinity")

    others = [action for action in actions if action.trigger_type not in AT_A_PRICE]
    return [*sorted(levels, key=away)[:NEXT], *others[:EXPLAINED]]


def symbols_to_offer() -> list[tuple[str, str]]:
    """Symbols the form suggests: those with a price first."""
    known = Instrument.objects.filter(active=True, tradable=True).order_by("quote__received_at", "symbol")
    return list(known.values_list("symbol", "name")[:SYMBOLS])


def explanation_of(action: Action, *, now: datetime) -> Explanation:
    return explain(action, now=now)
