"""The guided start: which symbols can be chosen, and how far the rule made with it has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.guiding import guide_of
from accounts.models import User
from alerts.models import Alert
from automation.explaining import Explanation, explain
from automation.first_rule import KINDS, described, live_quotes
from automation.models import OPEN_EXECUTIONS, Action, ActionExecution, ActionStatus
from dashboard.selectors.history import HistoryRow, latest
from markets.models import Instrument, Quote
from markets.selectors import last_bars_of
from orders.models import Fill, Order, Source

SPARK_BARS = 30
# So long is a person asked to wait before the price is offered to be brought nearer.
PATIENCE = timedelta(seconds=30)
STEPS = ("Pick a symbol", "Look at the rule", "Watch it", "See why")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A symbol to choose, with the closes of the last minutes for a small line."""

    quote: Quote
    closes: list[float]


@dataclass(frozen=True, kw_only=True)
class Watching:
    """The rule of the guide, from armed to done. `left` is True when it ended without a firing."""

    action: Action
    explanation: Explanation
    execution: ActionExecution | None
    order: Order | None
    fills: list[Fill]
    alerts: list[Alert]
    why: list[HistoryRow]
    done: bool
    ended: bool
    impatient: bool

    @property
    def trades(self) -> bool:
        return self.action.action_type != "NOTIFY"

    @property
    def passed(self) -> int:
        """How many checks of the gate said yes."""
        verdict = self.order.verdict if self.order else []
        return sum(1 for check in verdict if check["outcome"] == "pass")


def start_page(user: User, *, symbol: str, now: datetime) -> dict[str, Any]:
    """The step the user is at: choosing (1), looking at the rule (2), watching (3), done (4)."""
    guide = guide_of(user)
    common = {"guide": guide, "steps": STEPS, "demo": Instrument.objects.filter(demo=True, active=True).exists()}
    watching = watching_of(user, guide.action_id, now=now) if guide and guide.action_id else None
    if watching:
        return {**common, "watching": watching, "at": 4 if watching.done else 3}
    if symbol:
        offers = [(kind, described(user=user, symbol=symbol, kind=kind, now=now)) for kind in KINDS]
        return {**common, "symbol": symbol, "offers": offers, "at": 2}
    return {**common, "choices": choices(now=now), "at": 1}


def choices(*, now: datetime) -> list[Choice]:
    quotes = live_quotes(now=now)
    bars = last_bars_of([quote.instrument_id for quote in quotes], "1m", SPARK_BARS, before=now)
    return [
        Choice(quote=quote, closes=[float(bar.close) for bar in bars[quote.instrument_id]] + [float(quote.last)])
        for quote in quotes
    ]


def watching_of(user: User, action_id: Any, *, now: datetime) -> Watching | None:
    """None when the rule is gone: the guide begins again."""
    action = Action.objects.filter(user=user, pk=action_id).select_related("instrument", "portfolio", "user").first()
    if action is None:
        return None
    execution = action.executions.order_by("-triggered_at").first()
    order, fills, alerts = None, [], []
    if execution:
        mine = Order.objects.filter(source_kind=Source.ACTION_EXECUTION, source_id=str(execution.pk))
        order = mine.order_by("created_at").first()
        fills = list(order.fills.order_by("at")) if order else []
        alerts = list(Alert.objects.filter(user=user, trace_id=execution.trace_id).order_by("triggered_at", "pk")[:6])
    ended = action.status not in (ActionStatus.ACTIVE, ActionStatus.PAUSED) and execution is None
    return Watching(
        action=action,
        explanation=explain(action, now=now),
        execution=execution,
        order=order,
        fills=fills,
        alerts=alerts,
        why=latest(action),
        done=execution is not None and execution.state not in OPEN_EXECUTIONS,
        ended=ended,
        impatient=execution is None and not ended and now - action.updated_at > PATIENCE,
    )
