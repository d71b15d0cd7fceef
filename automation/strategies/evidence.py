"""What a strategy has shown in shadow: its signals, what they would have made after costs, what was not seen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q

from automation.evidence import as_plain
from automation.probation import Edit, Lack, Session, clipped, lacks, watched
from automation.shadow_book import BookResult, Trade, result_of
from automation.strategies.drafting import REMAKES
from automation.strategies.models import SignalState, Strategy, StrategyRun, StrategySignal
from common.money import ZERO
from markets import calendar
from markets.carrying import carried, splits_by_symbol
from markets.selectors import latest_quotes
from orders.models import Fill

AUTO = "auto_trade"


@dataclass(frozen=True, kw_only=True)
class SymbolResult:
    """One symbol's shadow trades. `result` None: it has no price."""

    symbol: str
    trades: int
    result: Decimal | None
    fees: Decimal
    open_quantity: Decimal


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The evidence about one strategy as it is set now. Dollars after costs, what is open at the last price.

    `signals`: changes of a target since `since`; `untraded` had no price at which to trade, or came too late; `unknown`
    times a symbol became unknown, `missed_bars` bars nobody judged: those three are `data_gaps` together. `result`: of
    all shadow trades, None when there are none or a symbol has no price; `real`: of its orders, since it exists.
    `lacks` is empty when it is enough.
    """

    since: datetime
    days_watched: int
    runs: int
    signals: int
    trades: int
    untraded: int
    unknown: int
    missed_bars: int
    data_gaps: int
    result: Decimal | None
    fees: Decimal
    symbols: tuple[SymbolResult, ...]
    real: Decimal | None
    lacks: tuple[Lack, ...]

    @property
    def enough(self) -> bool:
        """Whether nothing speaks against promoting the strategy."""
        return not self.lacks

    def as_json(self) -> dict[str, Any]:
        """For problems, logs and the API: decimals as plain strings, times in ISO 8601."""
        return {**{name: as_plain(value) for name, value in asdict(self).items()}, "enough": self.enough}


def evidence_of(strategy: Strategy, *, now: datetime, remade: bool = False) -> Evidence:
    """The evidence about a strategy. `remade`: it is about to become another one, of which nothing is known.

    A constant number of queries.
    """
    versions = strategy.versions.order_by("version").values_list("at", "changes")
    edits = [] if remade else [Edit(at=at, changes=_as_rule(changes)) for at, changes in versions]
    seen = watched(edits, made_at=now if remade else strategy.created_at, until=now, remakes=REMAKES, auto=AUTO)
    days, _ = clipped(seen.spans, _sessions(strategy, seen.spans))
    rows = list(
        StrategySignal.objects.filter(strategy=strategy, created_at__gte=seen.since)
        .exclude(mode=AUTO)
        .order_by("created_at", "id")
    )
    runs = list(StrategyRun.objects.filter(strategy=strategy, at__gte=seen.since).values_list("missed", flat=True))
    results = _results(strategy, rows)
    known = [found.result for found in results]
    trades = sum(found.trades for found in results)
    result = sum((r for r in known if r is not None), ZERO) if known and None not in known else None
    unknown = sum(row.state == SignalState.UNKNOWN for row in rows)
    untraded = sum(_untraded(row) for row in rows)
    missed = sum(runs)
    return Evidence(
        since=seen.since,
        days_watched=days,
        runs=len(runs),
        signals=sum(row.state not in (SignalState.UNKNOWN, SignalState.NOTHING) for row in rows),
        trades=trades,
        untraded=untraded,
        unknown=unknown,
        missed_bars=missed,
        data_gaps=untraded + unknown + missed,
        result=result,
        fees=sum((found.fees for found in results), ZERO),
        symbols=tuple(results),
        real=_real(strategy),
        lacks=lacks(trades=trades, days=days, result=result, gaps=untraded + unknown + missed),
    )


def _as_rule(changes: dict[str, Any]) -> dict[str, Any]:
    """A version in the words `probation` knows: `enabled` is a status."""
    words = dict(changes)
    if "enabled" in words:
        words["status"] = ["", "active" if words["enabled"][1] else "paused"]
    if "created" in words:
        made = words["created"][1]
        words["created"] = [None, {**made, "status": "active" if made.get("enabled", True) else "paused"}]
    return words


def _untraded(row: StrategySignal) -> bool:
    """Whether it should have been carried out and was not. What a newer bar or an edit overtook is no gap."""
    return row.state == SignalState.MISSED or bool(row.reason_code and row.state in ("recorded", "told"))


def _sessions(strategy: Strategy, spans: Sequence[tuple[datetime, datetime]]) -> list[Session]:
    if not spans:
        return []
    day = timedelta(days=1)
    found = calendar.sessions_between(strategy.exchange_id, (spans[0][0] - day).date(), (spans[-1][1] + day).date())
    return [Session(opens_at=session.opens_at, closes_at=session.closes_at) for session in found]


def _results(strategy: Strategy, rows: Sequence[StrategySignal]) -> list[SymbolResult]:
    trades: dict[str, list[Trade]] = defaultdict(list)
    splits = splits_by_symbol({row.instrument_id for row in rows})
    for row in rows:
        symbol, at = row.instrument_id, row.finished_at
        if row.shadow_price is None or row.shadow_quantity is None or at is None:
            continue
        quantity, price = carried(row.shadow_quantity, row.shadow_price, at, splits[symbol])
        fee = row.shadow_fee or ZERO
        trades[symbol].append(Trade(side=row.shadow_side, quantity=quantity, price=price, fee=fee, at=at))
    quotes = latest_quotes(trades)
    return [_result(symbol, made, quotes[symbol].last if symbol in quotes else None) for symbol, made in trades.items()]


def _result(symbol: str, trades: Sequence[Trade], last: Decimal | None) -> SymbolResult:
    book = _book(trades, last)
    return SymbolResult(
        symbol=symbol,
        trades=len(trades),
        result=book.result if book else None,
        fees=sum((trade.fee for trade in trades), ZERO),
        open_quantity=sum((t.quantity if t.side == "buy" else -t.quantity for t in trades), ZERO),
    )


def _book(trades: Sequence[Trade], last: Decimal | None) -> BookResult | None:
    return None if last is None or not trades else result_of(trades, last=last, marks=[])


def _real(strategy: Strategy) -> Decimal | None:
    """What its orders came to; None without any, or when a symbol has no price."""
    orders = StrategySignal.objects.filter(Q(strategy=strategy) & Q(order__isnull=False)).values("order_id")
    trades: dict[str, list[Trade]] = defaultdict(list)
    fills = Fill.objects.filter(order__in=orders).order_by("at", "id")
    splits = splits_by_symbol(set(fills.values_list("order__instrument_id", flat=True)))
    for symbol, side, quantity, price, fee, at in fills.values_list(
        "order__instrument_id", "order__side", "quantity", "price", "fee", "at"
    ):
        quantity, price = carried(quantity, price, at, splits[symbol])
        trades[symbol].append(Trade(side=side, quantity=quantity, price=price, fee=fee, at=at))
    quotes = latest_quotes(trades)
    books = [_book(made, quotes[symbol].last if symbol in quotes else None) for symbol, made in trades.items()]
    if not books or None in books:
        return None
    return sum((book.result for book in books if book is not None), ZERO)
