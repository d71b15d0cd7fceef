"""What a rule has shown in shadow: how often it fired, what it would have made after costs, and what was not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count
from django.db.models.functions import Cast

from automation import shadowing
from automation.models import Action, ActionExecution, ActionStatus, ExecutionState, Missed, ShadowTrade
from automation.planning import plan_of
from automation.probation import Edit, Lack, Session, Span, clipped, lacks, watched
from automation.shadow_book import BookResult, Mark, Trade, result_of
from automation.triggers.base import ClockPlan
from common.money import plain
from markets import calendar
from markets.bars import KEEP_MINUTES
from markets.carrying import carried, splits_by_symbol
from markets.gaps import minute_gaps
from markets.selectors import MOST_BARS, bars, latest_quotes
from orders.models import Fill, Source
from orders.shadowing import NO_QUOTE

FEED_LAG = timedelta(minutes=2)  # the newest minute bar is written with the next one


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The evidence about one rule as it is set now. Dollars after costs.

    `fires`: firings by its trigger since `since`; `fires_without_price` had no price to trade at; `fires_late` came too
    late to be carried out; `fires_untraded` would have traded nothing for another reason (limit not reached, nothing
    left to sell). `data_gaps` counts the first two, holes of more than 15 minutes in the minute bars while it was
    watched (of a clock trigger: times missed while Puffling was down instead), `gap_minutes` their length.
    `shadow` and `real` are None without trades, or when the symbol has no price. `lacks` is empty when it is enough.
    """

    since: datetime
    days_watched: int
    fires: int
    fires_without_price: int
    fires_late: int
    fires_untraded: int
    data_gaps: int
    gap_minutes: int
    last_price: Decimal | None
    last_price_at: datetime | None
    shadow: BookResult | None
    real: BookResult | None
    lacks: tuple[Lack, ...]

    @property
    def enough(self) -> bool:
        """Whether nothing speaks against promoting the rule."""
        return not self.lacks

    def as_json(self) -> dict[str, Any]:
        """For problems, logs and the API: decimals as plain strings, times in ISO 8601."""
        return {**{name: as_plain(value) for name, value in asdict(self).items()}, "enough": self.enough}


def evidence_of(action: Action, *, now: datetime, remade: bool = False) -> Evidence:
    """The evidence about a BUY or SELL rule. `remade`: it is about to become another rule, of which nothing is known.

    A constant number of queries. `action.instrument` is used.
    """
    edits = [Edit(at=at, changes=changes) for at, changes in _versions(action)] if not remade else []
    until = now if action.status == ActionStatus.ACTIVE else action.last_triggered_at or action.updated_at
    seen = watched(edits, made_at=now if remade else action.created_at, until=until)
    days, parts = _sessions(action, seen.spans)
    counts = _counts(action, seen.since)
    gaps, minutes = _gaps(action, seen.since, parts, now)
    quote = latest_quotes([action.instrument_id or ""]).get(action.instrument_id or "")
    last = quote.last if quote else None
    shadow_trades = _shadow_trades(action, seen.since)
    shadow = _book(action, shadow_trades, last, now)
    gaps += counts["late"] + counts[NO_QUOTE]
    return Evidence(
        since=seen.since,
        days_watched=days,
        fires=counts["all"],
        fires_without_price=counts[NO_QUOTE],
        fires_late=counts["late"],
        fires_untraded=counts["all"] - counts[NO_QUOTE] - counts["late"] - counts[shadowing.TRADED],
        data_gaps=gaps,
        gap_minutes=minutes,
        last_price=last,
        last_price_at=quote.at if quote else None,
        shadow=shadow,
        real=_book(action, _real_trades(action), last, now),
        lacks=lacks(
            trades=len(shadow_trades),
            days=days,
            result=shadow.result if shadow else None,
            gaps=gaps,
            fires_at_most=action.max_executions,
        ),
    )


def _versions(action: Action) -> list[tuple[datetime, dict[str, Any]]]:
    return list(action.versions.order_by("version").values_list("at", "changes"))


def _sessions(action: Action, spans: Sequence[Span]) -> tuple[int, list[Span]]:
    if not spans or action.instrument is None:
        return 0, []
    day = timedelta(days=1)
    sessions = calendar.sessions_between(
        action.instrument.exchange_id, (spans[0][0] - day).date(), (spans[-1][1] + day).date()
    )
    return clipped(spans, [Session(opens_at=s.opens_at, closes_at=s.closes_at) for s in sessions])


def _counts(action: Action, since: datetime) -> dict[str, int]:
    """Firings by the trigger, by what came of them in shadow."""
    fired = action.executions.filter(cause="trigger", triggered_at__gte=since)
    rows = fired.values_list("details__shadow", "state").annotate(count=Count("id")).order_by()
    counts = {"all": 0, "late": 0, NO_QUOTE: 0, shadowing.TRADED: 0}
    for came, state, count in rows:
        late = state == ExecutionState.EXPIRED
        if came is None and not late:
            continue  # carried out in earnest, or not at all yet
        counts["all"] += count
        key = "late" if late else came
        if key in counts:
            counts[key] += count
    return counts


def _gaps(action: Action, since: datetime, parts: Sequence[Span], now: datetime) -> tuple[int, int]:
    """Holes in what the trigger looks at, and their minutes."""
    plan = plan_of(action)
    if isinstance(plan, ClockPlan):
        missed = Missed.objects.filter(action=action, due_at__gte=since)
        return missed.exclude(outcome__in=[Missed.Outcome.RAN_LATE, Missed.Outcome.RUN]).count(), 0
    kept, fresh = now - KEEP_MINUTES, now - FEED_LAG
    spans = [(max(start, kept), min(end, fresh)) for start, end in parts if end > kept and start < fresh]
    holes = minute_gaps(action.instrument_id or "", spans)
    return len(holes), int(sum((end - start for start, end in holes), timedelta()).total_seconds() // 60)


def _shadow_trades(action: Action, since: datetime) -> list[Trade]:
    rows = ShadowTrade.objects.filter(action=action, at__gte=since, instrument=action.instrument_id)
    return [Trade(**row) for row in rows.order_by("at", "id").values("side", "quantity", "price", "fee", "at")]


def _real_trades(action: Action) -> list[Trade]:
    """What the rule's own orders filled at, since it exists."""
    ids = ActionExecution.objects.filter(action=action).annotate(text=Cast("id", CharField())).values("text")
    fills = Fill.objects.filter(
        order__source_kind=Source.ACTION_EXECUTION, order__source_id__in=ids, order__instrument=action.instrument_id
    )
    rows = fills.order_by("at", "id").values_list("order__side", "quantity", "price", "fee", "at")
    splits = splits_by_symbol([action.instrument_id or ""])[action.instrument_id or ""]
    trades = []
    for side, quantity, price, fee, at in rows:
        quantity, price = carried(quantity, price, at, splits)
        trades.append(Trade(side=side, quantity=quantity, price=price, fee=fee, at=at))
    return trades


def _book(action: Action, trades: Sequence[Trade], last: Decimal | None, now: datetime) -> BookResult | None:
    if not trades or last is None:
        return None
    begin = min(trade.at for trade in trades)
    timeframe = "1h" if now - begin < KEEP_MINUTES else "1d"
    seen = bars(action.instrument_id or "", timeframe, begin, now, limit=MOST_BARS)
    return result_of(trades, last=last, marks=[Mark(at=bar.at, low=bar.low, high=bar.high) for bar in seen])


def as_plain(value: Any) -> Any:
    """A value as JSON: decimals as plain strings, times in ISO 8601."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: as_plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(inner) for inner in value]
    return value
