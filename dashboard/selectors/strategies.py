"""Strategies as the list and the cards show them: rows, the ladder, every kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from automation.strategies import scheduling
from automation.strategies.base import Strategy as Kind
from automation.strategies.models import OPEN_SIGNALS, SignalState, Strategy, StrategyMode, StrategyRun, StrategySignal
from automation.strategies.registry import STRATEGIES
from portfolios.models import Portfolio

LADDER = [
    (StrategyMode.MONITOR.value, "Monitor", "records its signals and trades in shadow"),
    (StrategyMode.ALERT.value, "Alert", "the same, and tells you"),
    (StrategyMode.AUTO_TRADE.value, "Auto-trade", "places orders, through the safety gate"),
]


@dataclass(frozen=True, kw_only=True)
class Rung:
    """A step of the ladder. `place`: done, now or next."""

    mode: str
    label: str
    does: str
    place: str


@dataclass(frozen=True, kw_only=True)
class StrategyRow:
    """A strategy in the list."""

    strategy: Strategy
    kind: str
    symbols: str
    more_symbols: int
    ladder: list[Rung]
    today: int
    waiting: int
    latest: StrategyRun | None
    next_run: datetime | None


def ladder_of(mode: str) -> list[Rung]:
    """The three steps, with the present one."""
    present = [key for key, _, _ in LADDER].index(mode)
    places = ["done" if n < present else "now" if n == present else "next" for n in range(len(LADDER))]
    return [
        Rung(mode=key, label=label, does=does, place=place)
        for (key, label, does), place in zip(LADDER, places, strict=True)
    ]


def strategy_rows(user: User, *, now: datetime) -> list[StrategyRow]:
    """The user's strategies, newest first. A constant number of queries."""
    found = list(
        Strategy.objects.filter(user=user, archived_at__isnull=True)
        .prefetch_related("symbols")
        .order_by("-enabled", "-created_at", "-id")
    )
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    signals = StrategySignal.objects.filter(strategy__in=found).order_by()
    counts = _counts(signals.filter(created_at__gte=today).exclude(state=SignalState.UNKNOWN))
    waiting = _counts(signals.filter(state__in=OPEN_SIGNALS))
    runs = StrategyRun.objects.filter(strategy__in=found).order_by("strategy_id", "-at", "-id").distinct("strategy_id")
    latest = {run.strategy_id: run for run in runs}
    closes: dict[tuple[str, str], datetime | None] = {}
    rows = []
    for strategy in found:
        names = [one.instrument_id for one in sorted(strategy.symbols.all(), key=lambda row: row.position)]
        rows.append(
            StrategyRow(
                strategy=strategy,
                kind=STRATEGIES[strategy.strategy_type].title,
                symbols=", ".join(names[:6]),
                more_symbols=max(0, len(names) - 6),
                ladder=ladder_of(strategy.mode),
                today=counts.get(strategy.pk, 0),
                waiting=waiting.get(strategy.pk, 0),
                latest=latest.get(strategy.pk),
                next_run=_next_run(strategy, closes, now),
            )
        )
    return rows


def _counts(signals: Any) -> dict[Any, int]:
    return dict(signals.values_list("strategy_id").annotate(count=Count("id")))


def _next_run(strategy: Strategy, closes: dict[tuple[str, str], datetime | None], now: datetime) -> datetime | None:
    """Strategies on the same bars share the look at the calendar."""
    if not strategy.enabled or strategy.cron:
        return scheduling.next_run(strategy, now=now)
    key = (strategy.exchange_id, strategy.timeframe)
    if key not in closes:
        closes[key] = scheduling.next_run(strategy, now=now)
    return closes[key]


def kind_cards() -> list[dict[str, Any]]:
    """Every kind, with what it does, an example of when it trades, and what it needs."""
    return [
        {
            "key": kind.key,
            "title": kind.title,
            "about": kind.about,
            "example": example_of(kind),
            "needs": needs_of(kind),
        }
        for kind in STRATEGIES.values()
    ]


def example_of(kind: Kind) -> str:
    most = kind.most_symbols or (5 if kind.least_symbols > 1 else 2)
    symbols = ["AAPL", "MSFT", "NVDA", "TSLA", "AMZN"][:most]
    return kind.sentence(kind.parse({}), symbols)


def needs_of(kind: Kind) -> str:
    least, most = kind.least_symbols, kind.most_symbols
    symbols = (
        f"exactly {least} symbols" if least == most else f"{least} symbols or more" if least > 1 else "any symbols"
    )
    return f"{kind.warm_up(kind.parse({}))} bars of history with its usual numbers, {symbols}"


def portfolios_of(user: User) -> list[Portfolio]:
    return list(Portfolio.objects.filter(user=user).order_by("-primary", "created_at"))
