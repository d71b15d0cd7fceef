"""Strategies as their pages show them: rows of the list, the ladder with its evidence, signals, holdings, a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max
from django.utils import timezone

from accounts.models import User
from automation.backtest.models import BacktestRun
from automation.probation import LEAST_DAYS, LEAST_TRADES
from automation.scheduling.timetable import Timetable
from automation.strategies import scheduling
from automation.strategies.base import Strategy as Kind
from automation.strategies.deciding import side_of
from automation.strategies.evidence import Evidence
from automation.strategies.models import OPEN_SIGNALS, SignalState, Strategy, StrategyMode, StrategyRun, StrategySignal
from automation.strategies.owning import owned
from automation.strategies.registry import STRATEGIES
from automation.strategies.sizing import SIZINGS
from common.money import HUNDRED
from dashboard.selectors.actions import offset_minutes
from dashboard.selectors.jobs import place_words
from dashboard.templatetags.show import signed_money
from markets.selectors import bars, latest_quotes
from portfolios.models import Portfolio

PAGE = 20
RUNS, VERSIONS, BACKTESTS = 12, 8, 5
CHART_BARS = 260
LADDER = [
    (StrategyMode.MONITOR.value, "Monitor", "records its signals and trades in shadow"),
    (StrategyMode.ALERT.value, "Alert", "the same, and tells you"),
    (StrategyMode.AUTO_TRADE.value, "Auto-trade", "places orders, through the safety gate"),
]
SIGNAL_TONES = {
    SignalState.DONE: "good", SignalState.RECORDED: "info", SignalState.TOLD: "info", SignalState.PENDING: "info",
    SignalState.WORKING: "info", SignalState.UNKNOWN: "warn", SignalState.MISSED: "warn", SignalState.BLOCKED: "bad",
    SignalState.FAILED: "bad",
}  # fmt: skip
SIGNAL_MEANS = {
    SignalState.RECORDED: "Written down; nothing was ordered (monitor).",
    SignalState.TOLD: "You were told; nothing was ordered (alert).",
    SignalState.PENDING: "Waits for the market to open, or for its sales.",
    SignalState.WORKING: "The order is at work.",
    SignalState.DONE: "The order was filled.",
}
SIDES = {"long": "Long", "flat": "Flat", "short": "Short (held flat)", None: "Unknown"}
LATEST = {"1d": timedelta(days=420), "4h": timedelta(days=90), "1h": timedelta(days=45)}


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


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing the ladder asks for, and what is there. `ok` None: cannot be told yet."""

    label: str
    wanted: str
    there: str
    ok: bool


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
    most = kind.most_symbols or (5 if kind.least_symbols > 1 else 1)
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


# --- one strategy
def checks_of(evidence: Evidence) -> list[Check]:
    """What auto-trade asks for, beside what is there."""
    lost = evidence.result is not None and evidence.result < 0
    return [
        Check(
            label="Trading days watched", wanted=f"at least {LEAST_DAYS}", there=str(evidence.days_watched),
            ok=evidence.days_watched >= LEAST_DAYS,
        ),
        Check(
            label="Shadow trades", wanted=f"at least {LEAST_TRADES}", there=str(evidence.trades),
            ok=evidence.trades >= LEAST_TRADES,
        ),
        Check(
            label="Result after costs", wanted="no loss", there=signed_money(evidence.result),
            ok=evidence.result is not None and not lost,
        ),
        Check(
            label="Gaps in what it saw", wanted="none", there=_gaps(evidence), ok=evidence.data_gaps == 0
        ),
    ]  # fmt: skip


def _gaps(evidence: Evidence) -> str:
    parts = [
        (evidence.missed_bars, "bar nobody judged", "bars nobody judged"),
        (evidence.unknown, "symbol unknown", "symbols unknown"),
        (evidence.untraded, "signal without a trade", "signals without a trade"),
    ]
    told = [f"{count} {one if count == 1 else many}" for count, one, many in parts if count]
    return ", ".join(told) or "none"


def standing_rows(strategy: Strategy, *, now: datetime) -> list[dict[str, Any]]:
    """Each symbol with its signal, the part of the equity it wants, and what the strategy holds of it."""
    rows = list(strategy.symbols.order_by("position"))
    symbols = [row.instrument_id for row in rows]
    real = strategy.mode == StrategyMode.AUTO_TRADE
    held = owned(strategy, symbols, real=real)
    quotes = latest_quotes(symbols)
    found = []
    for row in rows:
        quote, shares = quotes.get(row.instrument_id), held.get(row.instrument_id, Decimal(0))
        found.append(
            {
                "symbol": row.instrument_id,
                "side": SIDES[side_of(row.signal)] if not row.unknown else "Unknown",
                "tone": "warn" if row.unknown else "good" if (row.signal or 0) > 0 else "",
                "why": row.unknown,
                "target": None if row.target is None else row.target * HUNDRED,
                "held": shares,
                "value": shares * quote.last if quote else None,
                "price": quote.last if quote else None,
                "bar_at": row.bar_at,
            }
        )
    return found


def signal_page(strategy: Strategy, symbol: str, number: str) -> Page[StrategySignal]:
    """Its signals, the newest first, each with words for the page."""
    signals = StrategySignal.objects.filter(strategy=strategy).order_by("-created_at", "-id")
    if symbol:
        signals = signals.filter(instrument=symbol)
    page = Paginator(signals, PAGE).get_page(number)
    for one in page.object_list:
        one.words = signal_words(one)  # type: ignore[attr-defined]
        one.tone = SIGNAL_TONES.get(SignalState(one.state), "")  # type: ignore[attr-defined]
        one.means = one.reason or SIGNAL_MEANS.get(SignalState(one.state), "")  # type: ignore[attr-defined]
    return page


def signal_words(one: StrategySignal) -> str:
    """'Flat → long: from 0 % to 4 % of the equity'."""
    if one.state == SignalState.UNKNOWN:
        return "Became unknown"
    before, after = SIDES[side_of(one.previous_signal)], SIDES[side_of(one.signal)]
    words = after if one.previous_signal is None else before if before == after else f"{before} → {after.lower()}"
    if one.target == one.previous_target:
        return words
    return f"{words}: {part(one.previous_target)} → {part(one.target)} of the equity"


def part(fraction: Decimal | None) -> str:
    return f"{(fraction or Decimal(0)) * HUNDRED:.4g} %"


def chart_of(strategy: Strategy, symbol: str, *, now: datetime) -> dict[str, Any]:
    """A symbol's closes with the strategy's changes as markers."""
    reach = LATEST.get(strategy.timeframe, timedelta(days=10))
    found = bars(symbol, strategy.timeframe, now - reach, now, limit=CHART_BARS)
    times = [int(bar.at.timestamp()) for bar in found]
    markers = []
    if times:
        signals = StrategySignal.objects.filter(
            strategy=strategy, instrument=symbol, epoch=strategy.epoch, bar_at__gte=found[0].at
        ).exclude(state=SignalState.UNKNOWN)
        for one in signals.order_by("bar_at"):
            at = int(one.bar_at.timestamp())
            more = (one.target or 0) - (one.previous_target or 0)
            if at in times and more:
                markers.append({"time": at, "text": "Buy" if more > 0 else "Sell"})
    offset = 0 if strategy.timeframe == "1d" else offset_minutes(now)
    return {
        "points": [{"time": at, "value": float(bar.close)} for at, bar in zip(times, found, strict=True)],
        "markers": markers,
        "offset": offset,
    }


def details_of(strategy: Strategy, *, now: datetime) -> dict[str, Any]:
    """Runs, edits and backtests of one strategy."""
    return {
        "runs": list(strategy.runs.order_by("-at", "-id")[:RUNS]),
        "versions": [_edit(one.version, one.at, one.actor, one.changes) for one in _versions(strategy)],
        "backtests": list(
            BacktestRun.objects.filter(user_id=strategy.user_id, subject=strategy.pk)
            .defer("result", "spec", "params")
            .order_by("-created_at")[:BACKTESTS]
        ),
        "next_run": scheduling.next_run(strategy, now=now),
        "last_signal": strategy.signals.aggregate(at=Max("created_at"))["at"],
    }


def _versions(strategy: Strategy) -> Sequence[Any]:
    return list(strategy.versions.order_by("-version")[:VERSIONS])


def _edit(version: int, at: datetime, actor: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    names = ", ".join(_field(name) for name in changes)
    return {"version": version, "at": at, "actor": actor, "words": names}


def _field(name: str) -> str:
    known = {"created": "made", "enabled": "switched on or off", "override": "against the evidence",
             "portfolio_id": "portfolio", "params": "parameters", "cron": "times"}  # fmt: skip
    return known.get(name, name.replace("_", " ").removesuffix(" id"))


def settings_of(strategy: Strategy) -> list[tuple[str, str]]:
    """How it is set, in words."""
    kind = STRATEGIES[strategy.strategy_type]
    params = [(one.label, _shown(strategy.params.get(one.name))) for one in kind.schema]
    sizing = [(one.label, _shown(strategy.sizing.get(one.name))) for one in SIZINGS[strategy.sizing["kind"]]]
    runs = "At each closed bar"
    if strategy.cron:
        runs = place_words(Timetable(schedule=strategy.cron, timezone=strategy.timezone).words())
    return [*params, *sizing, ("Portfolio", strategy.portfolio.name), ("Runs", runs)]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value).replace("_", " ")
