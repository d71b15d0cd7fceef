"""Run strategies: load the bars, ask for signals, write down what changes. `acting` carries it out.

A run is one transaction under the strategy's row lock. UNIQUE(strategy, epoch, bar) makes a second look at a bar do
nothing; only the newest closed bar is ever looked at, and those nobody saw are counted as missed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.db.models import Q

from automation.strategies import scheduling, writing
from automation.strategies.bar_clock import ClosedBar, bars_due_by, newest_bar, window_of
from automation.strategies.base import Bars, Floats
from automation.strategies.loading import load_bars
from automation.strategies.models import Strategy, StrategyRun
from automation.strategies.registry import STRATEGIES
from automation.strategies.sizing import bars_needed, fraction_at
from automation.strategies.writing import Seen
from common.enqueue import nudge
from common.errors import Conflict
from markets.bars import DAY
from markets.models import Bar

log = logging.getLogger(__name__)
# Bars beyond the warm-up in which a strategy that remembers can find out in which state it is.
REMEMBERED = 250
# Longer than this after it was due, a strategy is run by the sweeper itself: no worker seems to be there.
PATIENCE = timedelta(minutes=1)
Cause = StrategyRun.Cause


def due(now: datetime) -> list[Strategy]:
    """The enabled strategies that have not judged their newest closed bar, or whose time has come. Two queries."""
    enabled = Strategy.objects.filter(enabled=True)
    waiting = Q(next_run_at__lte=now)
    for exchange, timeframe in enabled.values_list("exchange_id", "timeframe").distinct().order_by():
        bar = newest_bar(exchange, timeframe, now)
        if bar is not None:
            behind = Q(last_bar_at__isnull=True) | Q(last_bar_at__lt=bar.at)
            waiting |= Q(exchange=exchange, timeframe=timeframe, cron="") & behind
    return list(enabled.filter(waiting).order_by("last_run_at", "id"))


def run_due(now: datetime, *, cause: str = Cause.BAR) -> int:
    """Run every strategy that is due. Returns how many ran; those whose bars have not arrived yet wait."""
    return sum(_run_one(strategy, now, cause) for strategy in due(now))


def sweep(now: datetime) -> int:
    """Wake a worker if a strategy is due; do it here if none came. Returns how many were due."""
    waiting = due(now)
    late = [strategy for strategy in waiting if _due_since(strategy, now) <= now - PATIENCE]
    if len(late) < len(waiting):
        nudge("automation.run_strategies", queue="jobs")
    for strategy in late:
        _run_one(strategy, now, Cause.BAR)
    return len(waiting)


def run(strategy: Strategy, now: datetime, *, cause: str = Cause.BAR) -> StrategyRun | None:
    """Judge the strategy's newest closed bar. Returns the run, of an earlier look if there was one.

    None: no bar has closed, its bars have not all arrived and there is still time to wait, or another process runs it.
    Raises Conflict when it is switched off and a person asks.
    """
    with transaction.atomic():
        row = (
            Strategy.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("exchange", "user")
            .filter(pk=strategy.pk)
            .first()
        )
        if row is None:
            return None
        if not row.enabled:
            if cause == Cause.MANUAL:
                raise Conflict("This strategy is switched off: enable it, then run it.")
            return None
        bar = newest_bar(row.exchange_id, row.timeframe, now)
        scheduled = cause in (Cause.MANUAL, Cause.CRON)
        window = window_of(row.exchange_id, row.timeframe, now if scheduled or bar is None else bar.closed_at)
        if bar is None or window is None:
            return None
        known = StrategyRun.objects.filter(strategy=row, epoch=row.epoch, bar_at=bar.at).first()
        if known is None:
            symbols = list(row.symbols.order_by("position").values_list("instrument_id", flat=True))
            if not scheduled and now < bars_due_by(bar, window) and not _arrived(row, symbols, bar):
                return None
            seen = look(row, symbols, bar)
            known = writing.write(row, bar, window, seen, cause=cause, now=now)
        scheduling.move_on(row, bar, now=now)
    return known


def look(strategy: Strategy, symbols: Sequence[str], bar: ClosedBar) -> dict[str, Seen]:
    """The newest signal of each symbol, or why it is unknown, and the size that would follow."""
    kind = STRATEGIES[strategy.strategy_type]
    warm_up = kind.warm_up(strategy.params)
    count = max(warm_up + REMEMBERED, bars_needed(strategy.sizing))
    bars = load_bars(symbols, strategy.exchange, strategy.timeframe, newest=bar, count=count)
    signals = kind.generate_signals(bars, strategy.params)
    return {symbol: _seen(symbol, bars, signals, strategy, warm_up) for symbol in symbols}


def _seen(
    symbol: str, bars: Mapping[str, Bars], signals: Mapping[str, Floats], strategy: Strategy, warm_up: int
) -> Seen:
    column, signal = bars[symbol], float(signals[symbol][-1])
    close = None if np.isnan(column.close[-1]) else float(column.close[-1])
    if np.isnan(signal):
        return Seen(signal=None, size=float("nan"), close=close, why=_why(column, warm_up), axis=column.at)
    size = fraction_at(signal, column, len(column) - 1, strategy.sizing)
    why = "its size is not known: too few bars for it, or prices that do not move" if np.isnan(size) else ""
    return Seen(signal=signal, size=size, close=close, why=why, axis=column.at)


def _why(bars: Bars, warm_up: int) -> str:
    """Why a symbol is unknown, in words."""
    close = bars.close[-warm_up:]
    missing = np.flatnonzero(np.isnan(close))
    stored = int((~np.isnan(bars.close)).sum())
    if np.isnan(bars.close[-1]):
        return f"its bar of {_day(bars.at[-1])} is missing"
    if stored < warm_up:
        return f"it has {stored} of the {warm_up} bars it needs"
    if len(missing):
        return f"its bar of {_day(bars.at[-len(close) + missing[-1]])} is missing"
    return "nothing in its bars shows yet whether it is in or out, or its prices do not move"


def _day(second: np.int64) -> str:
    moment = np.datetime64(int(second), "s")
    return str(moment.astype("datetime64[D]")) if int(second) % 86_400 == 0 else f"{moment}Z"


def _arrived(strategy: Strategy, symbols: Sequence[str], bar: ClosedBar) -> bool:
    """Whether every symbol has the newest daily bar. Intraday ones are there when they close, or nothing traded."""
    if strategy.timeframe != DAY:
        return True
    stored = Bar.objects.filter(instrument_id__in=symbols, timeframe=DAY, at=bar.at)
    return stored.count() == len(symbols)


def _due_since(strategy: Strategy, now: datetime) -> datetime:
    if strategy.next_run_at is not None:
        return strategy.next_run_at
    bar = newest_bar(strategy.exchange_id, strategy.timeframe, now)
    return max(bar.closed_at, strategy.updated_at) if bar else now


def _run_one(strategy: Strategy, now: datetime, cause: str) -> bool:
    return run(strategy, now, cause=Cause.CRON if strategy.cron else cause) is not None
