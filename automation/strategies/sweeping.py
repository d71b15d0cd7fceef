"""What the sweeper does for strategies every second, and the symbols the feed listens to for them."""

from __future__ import annotations

from datetime import datetime

from automation.strategies import acting, running, settling
from automation.strategies.models import OPEN_SIGNALS, StrategySignal, StrategySymbol

RUN_EVERY = 5  # seconds: a strategy that is due waits no longer for its nudge


def sweep(now: datetime) -> None:
    """One pass. Each step is safe beside the workers: it claims what it touches."""
    if now.second % RUN_EVERY == 0:
        running.sweep(now)
    if StrategySignal.objects.filter(state__in=OPEN_SIGNALS, act_from__lte=now).exists():
        acting.act_due(now)
        settling.settle(now)


def symbols() -> set[str]:
    """Symbols of enabled strategies."""
    return set(StrategySymbol.objects.filter(strategy__enabled=True).values_list("instrument_id", flat=True).distinct())
