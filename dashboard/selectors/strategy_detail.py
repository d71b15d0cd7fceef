"""One strategy as its page shows it: the evidence, signals, holdings, a chart, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Max

from automation.backtest.models import BacktestRun
from automation.probation import LEAST_DAYS, LEAST_TRADES
from automation.scheduling.timetable import Timetable
from automation.strategies import scheduling
from automation.strategies.deciding import side_of
from automation.strategies.evidence import Evidence
from automation.strategies.models import SignalState, Strategy, StrategyMode, StrategySignal
from automation.strategies.owning import owned
from automation.strategies.registry import STRATEGIES
from automation.strategies.sizing import SIZINGS
from common.money import HUNDRED
from dashboard.selectors.actions import offset_minutes
from dashboard.selectors.jobs import place_words
from dashboard.strategy_form import BARS
from dashboard.templatetags.show import signed_money
from markets.selectors import bars, latest_quotes

PAGE = 20
RUNS, VERSIONS, BACKTESTS = 12, 8, 5
CHART_BARS = 260
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
class Check:
    """One thing the ladder asks for, and what is there. `ok` None: cannot be told yet."""

    label: str
    wanted: str
    there: str
    ok: bool


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
    return f"{float(fraction or 0) * 100:.4g} %"


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
    return [
        ("Bars", BARS.get(strategy.timeframe, strategy.timeframe)),
        *params,
        *sizing,
        ("Portfolio", strategy.portfolio.name),
        ("Runs", runs),
    ]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else str(value).replace("_", " ")
