"""Carry out what strategies decided: at the next open, through the one door for orders, or in shadow.

A step is one transaction under the strategy's row lock; the order's idempotency key is strategy, epoch, symbol and bar,
so repeating a step after a crash places nothing twice. Sales come first; purchases wait until they are filled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from automation.strategies.deciding import Trade, trade_for
from automation.strategies.models import SignalState, Strategy, StrategyMode, StrategySignal, StrategySymbol
from automation.strategies.owning import owned
from automation.strategies.shadows import shadow
from automation.strategies.writing import announcement
from common.enqueue import nudge
from common.money import ZERO
from live.push import announce_many
from markets.models import Quote
from markets.selectors import latest_quotes
from orders.models import Source
from orders.placing import place_many
from orders.states import OrderState
from orders.submitting import submit_many
from orders.types import OrderIntent
from portfolios import valuing

QUOTE_MAX_AGE = timedelta(seconds=15)  # as the gate
TOO_LATE = "TOO_LATE"


@dataclass(frozen=True, kw_only=True)
class Book:
    """What sizes are made from: the strategy's own shares, the portfolio's, its equity, and fresh quotes."""

    owned: Mapping[str, Decimal]
    held: Mapping[str, Decimal]
    equity: Decimal | None
    quotes: Mapping[str, Quote]


def act_due(now: datetime) -> int:
    """Carry out whatever may be done by now, one strategy after the other. Returns how many strategies were looked at.

    What another process is working on is left to it.
    """
    waiting = StrategySignal.objects.filter(state=SignalState.PENDING.value, act_from__lte=now)
    ids = list(waiting.values_list("strategy_id", flat=True).distinct().order_by("strategy_id"))
    for strategy_id in ids:
        placed = act(strategy_id, now=now)
        if placed:
            submit_many(placed, now=now, wait=True)
            nudge("automation.settle_strategies", queue="trading")
    return len(ids)


@transaction.atomic
def act(strategy_id: UUID, *, now: datetime) -> list[UUID]:
    """One step of one strategy. Returns the orders that wait to be submitted: do that after the commit."""
    strategy = (
        Strategy.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("portfolio")
        .filter(pk=strategy_id)
        .first()
    )
    if strategy is None:
        return []
    signals = list(
        StrategySignal.objects.filter(strategy=strategy, state=SignalState.PENDING.value, act_from__lte=now)
        .select_related("instrument")
        .order_by("created_at", "id")
    )
    live = [signal for signal in signals if not _over(signal, now)]
    at_work = set(_working(strategy).values_list("instrument_id", flat=True))
    ready = [signal for signal in live if signal.instrument_id not in at_work]
    book = _book(strategy, ready, now)
    trades: list[tuple[StrategySignal, Trade]] = []
    for signal in ready:
        if not _priced(signal, book):
            continue
        trade = _trade(signal, book)
        if trade is not None:
            trades.append((signal, trade))
        else:
            finish(signal, SignalState.NOTHING, "", "The position is there already.", now)
            _applied(signal)
    orders = _carry_out(strategy, trades, book, now)
    if trades or len(live) < len(signals):
        announce_many([announcement(strategy, "acted", orders=len(orders))], now)
    return orders


def finish(signal: StrategySignal, state: SignalState, code: str, reason: str, now: datetime) -> None:
    """End a signal."""
    signal.state, signal.reason_code, signal.reason, signal.finished_at = state, code[:40], reason[:400], now
    signal.save()


def _over(signal: StrategySignal, now: datetime) -> bool:
    if signal.expires_at > now:
        return False
    until = f"{signal.expires_at:%Y-%m-%d %H:%M} UTC"
    finish(signal, SignalState.MISSED, TOO_LATE, f"Not carried out by {until}: the next bar decides anew.", now)
    return True


def _working(strategy: Strategy) -> QuerySet[StrategySignal]:
    return StrategySignal.objects.filter(strategy=strategy, state=SignalState.WORKING.value)


def _priced(signal: StrategySignal, book: Book) -> bool:
    """Whether a size can be told this moment; if not, the signal waits until it expires."""
    return signal.instrument_id in book.quotes and book.equity is not None


def _trade(signal: StrategySignal, book: Book) -> Trade | None:
    assert book.equity is not None
    return trade_for(
        target=signal.target or ZERO,
        equity=book.equity,
        price=book.quotes[signal.instrument_id].last,
        owned=book.owned.get(signal.instrument_id, ZERO),
        held=book.held.get(signal.instrument_id, ZERO),
        fractional=signal.instrument.fractionable,
    )


def _book(strategy: Strategy, signals: Sequence[StrategySignal], now: datetime) -> Book:
    symbols = [signal.instrument_id for signal in signals]
    real = strategy.mode == StrategyMode.AUTO_TRADE
    mine = owned(strategy, symbols, real=real)
    valuation = valuing.value(strategy.portfolio, now=now)
    held = {symbol: position.quantity for symbol, position in valuation.positions.items()}
    quotes = latest_quotes(symbols)
    return Book(
        owned=mine,
        held=held if real else mine,
        equity=valuation.equity,
        quotes={symbol: quote for symbol, quote in quotes.items() if quote.at >= now - QUOTE_MAX_AGE},
    )


def _carry_out(
    strategy: Strategy, trades: Sequence[tuple[StrategySignal, Trade]], book: Book, now: datetime
) -> list[UUID]:
    """Trade, in earnest or in shadow. Returns the orders to submit."""
    sales = [(signal, trade) for signal, trade in trades if trade.side == "sell"]
    if strategy.mode != StrategyMode.AUTO_TRADE:
        done = SignalState.TOLD if strategy.mode == StrategyMode.ALERT else SignalState.RECORDED
        for signal, trade in trades:
            code, reason = shadow(signal, trade, book.quotes[signal.instrument_id], strategy.portfolio_id)
            finish(signal, done, code, reason, now)
            _applied(signal)
        return []
    selling = _working(strategy).filter(order__side="sell").exists()
    chosen = sales or ([] if selling else list(trades))
    return _place(strategy, chosen, now)


def _place(strategy: Strategy, trades: Sequence[tuple[StrategySignal, Trade]], now: datetime) -> list[UUID]:
    if not trades:
        return []
    orders = place_many(
        portfolio_id=strategy.portfolio_id,
        intents=[_intent(strategy, signal, trade) for signal, trade in trades],
        now=now,
    )
    for (signal, _), order in zip(trades, orders, strict=True):
        signal.order, signal.state = order, SignalState.WORKING
        signal.save(update_fields=["order", "state"])
    return [order.id for order in orders if order.state == OrderState.QUEUED]


def _intent(strategy: Strategy, signal: StrategySignal, trade: Trade) -> OrderIntent:
    return OrderIntent(
        portfolio_id=strategy.portfolio_id,
        source_kind=Source.STRATEGY_SIGNAL,
        source_id=str(signal.id),
        idempotency_key=f"strategy:{strategy.id}:{signal.epoch}:{signal.instrument_id}:{signal.bar_at:%Y%m%d%H%M}",
        symbol=signal.instrument_id,
        side=trade.side,
        quantity=trade.quantity,
        expires_at=signal.expires_at,
        trace_id=signal.trace_id,
    )


def _applied(signal: StrategySignal) -> None:
    """The signal's target is what stands now."""
    standing = StrategySymbol.objects.filter(strategy=signal.strategy_id, instrument=signal.instrument_id)
    standing.update(applied=signal.target, failures=0)
