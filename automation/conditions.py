"""What must also hold at the moment a trigger fires: true, false or unknown. Unknown is not false, and never acts.

Each kind of condition says what it needs to know and judges it: one entry of `KINDS`. A kind without an entry is judged
by the series its trigger watches, so that a new trigger on a series can be a condition at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation import averages, rsi
from automation.condition_facts import Bars, Facts, gather
from automation.models import Action
from automation.sentences import condition_sentence
from automation.triggers.base import WatchPlan
from automation.triggers.change import days_back, rolling_minutes
from automation.triggers.registry import TRIGGERS
from common.money import plain
from markets.observables import market_of
from markets.selectors import DAY, MINUTE
from watches import machine
from watches.specs import MarketSlice, SeriesKind, SeriesSpec, WatchSpec

FALSE, UNKNOWN = "CONDITION_FALSE", "CONDITION_UNKNOWN"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One condition of one rule."""

    kind: str
    params: Mapping[str, Any]
    symbol: str  # or portfolio:<id>, for what is asked of the portfolio

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.symbol}|{json.dumps(self.params, sort_keys=True)}"

    def spec(self) -> WatchSpec:
        """What its trigger would watch."""
        plan = TRIGGERS[self.kind].plan(self.params, self.symbol)
        assert isinstance(plan, WatchPlan)
        return plan.spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a condition came to. `value` and `level` in the unit of the condition; `note` says why it is unknown."""

    holds: bool | None
    value: Decimal | None = None
    level: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """All conditions of one rule: false if one is, else unknown if one is, else true."""

    readings: tuple[tuple[Asked, Reading], ...]

    @property
    def holds(self) -> bool | None:
        found = [reading.holds for _, reading in self.readings]
        return False if False in found else None if None in found else True

    @property
    def reason_code(self) -> str:
        return {False: FALSE, None: UNKNOWN, True: ""}[self.holds]

    @property
    def text(self) -> str:
        """The first condition that is in the way, with what was seen."""
        for asked, reading in self.readings:
            if reading.holds is self.holds and not reading.holds:
                seen = f"it is {plain(reading.value)}" if reading.value is not None else reading.note
                word = "does not hold" if reading.holds is False else "is unknown"
                return f"The condition {condition_sentence(asked.kind, asked.params, asked.symbol)} {word}: {seen}."
        return ""

    def as_json(self) -> list[dict[str, Any]]:
        """The conditions and what was seen, for `execution.details`."""
        return [
            {
                "trigger_type": asked.kind,
                "trigger_params": dict(asked.params),
                "symbol": asked.symbol,
                "holds": reading.holds,
                "value": None if reading.value is None else plain(reading.value),
                "level": None if reading.level is None else plain(reading.level),
                "note": reading.note,
            }
            for asked, reading in self.readings
        ]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How a kind of condition is judged, and which bars that takes."""

    judge: Callable[[Asked, Facts], Reading]
    bars: Callable[[Asked], Bars | None] = lambda asked: None


def check(actions: Iterable[Action], *, now: datetime) -> dict[UUID, Verdict]:
    """The verdicts of those actions that have conditions. Costs nothing when none has."""
    actions = [action for action in actions if action.conditions]
    asked = {action.id: _asked(action) for action in actions}
    if not asked:
        return {}
    distinct = {one.key: one for many in asked.values() for one in many}
    kinds = {key: KINDS.get(one.kind, BY_SERIES) for key, one in distinct.items()}
    facts = gather(
        symbols={one.symbol for one in distinct.values() if one.symbol},
        bars={bars for key, one in distinct.items() if (bars := kinds[key].bars(one))},
        series=[one.spec().series for one in distinct.values()],
        portfolios={action.portfolio_id for action in actions if _asks_portfolio(action)},
        now=now,
    )
    readings = {key: kinds[key].judge(one, facts) for key, one in distinct.items()}
    return {
        action_id: Verdict(readings=tuple((one, readings[one.key]) for one in many))
        for action_id, many in asked.items()
    }


def _asked(action: Action) -> list[Asked]:
    return [
        Asked(
            kind=condition["trigger_type"],
            params=condition["trigger_params"],
            symbol=f"portfolio:{action.portfolio_id}"
            if TRIGGERS[condition["trigger_type"]].of_portfolio
            else condition.get("symbol") or action.instrument_id or "",
        )
        for condition in action.conditions
    ]


def _asks_portfolio(action: Action) -> bool:
    return any(TRIGGERS[condition["trigger_type"]].of_portfolio for condition in action.conditions)


# --- how each kind is judged
def by_price(asked: Asked, facts: Facts) -> Reading:
    """The standing usable quote, and for a base that is not in it the closed bars."""
    spec, quote = asked.spec(), facts.quotes.get(asked.symbol)
    if quote is None:
        return Reading(holds=None, level=spec.level, note=f"no usable price of {asked.symbol} is known")
    series = spec.series
    base = bars_of_base(asked)
    if base is not None:
        reference = _base(asked, base, facts)
        if reference is None:
            return Reading(holds=None, level=spec.level, note="not enough history is stored")
        series = replace(series, reference=reference)
    return _reached(spec, series, market_of(quote))


def bars_of_base(asked: Asked) -> Bars | None:
    """The closed bars a change or a volume is measured from."""
    window = str(asked.params.get("window", ""))
    if asked.kind == "volume_above":
        days = int(asked.params["average_days"]) if "multiple" in asked.params else 0
        return Bars(asked.symbol, DAY, days) if days else None
    minutes, days = rolling_minutes(window), days_back(window) or 0
    if minutes:
        return Bars(asked.symbol, MINUTE, 1, minutes)
    return Bars(asked.symbol, DAY, days) if days > 1 else None


def _base(asked: Asked, needed: Bars, facts: Facts) -> Decimal | None:
    rows = facts.bars.get(needed, ())
    if len(rows) < needed.count:
        return None
    if asked.kind == "volume_above":
        return sum((row.volume for row in rows), Decimal(0)) / needed.count or None
    return rows[0].close


def by_volume(asked: Asked, facts: Facts) -> Reading:
    """The session's volume from the standing quote, or that of the last closed minute."""
    if asked.params["window"] != "bar":
        return by_price(asked, facts)
    spec, rows = asked.spec(), facts.bars.get(last_minute(asked), ())
    if not rows:
        return Reading(holds=None, level=spec.level, note="the last minute's bar is not known")
    return _reached(spec, spec.series, _pushed(rows[-1].volume, facts.now))


def last_minute(asked: Asked) -> Bars:
    return Bars(asked.symbol, MINUTE, 1)


def bars_of_volume(asked: Asked) -> Bars | None:
    return last_minute(asked) if asked.params["window"] == "bar" else bars_of_base(asked)


def bars_of_averages(asked: Asked) -> Bars:
    params = asked.params
    return Bars(asked.symbol, params["timeframe"], averages.bars_needed(params["kind"], params["long"]))


def by_averages(asked: Asked, facts: Facts) -> Reading:
    """Whether the short average is above (below) the long one: at the last closed bar, or live with the last price."""
    params, needed = asked.params, bars_of_averages(asked)
    closes = [row.close for row in facts.bars.get(needed, ())]
    if len(closes) < needed.count:
        return Reading(holds=None, level=Decimal(0), note="not enough closed bars are stored")
    if params["on"] == "live":
        quote = facts.quotes.get(asked.symbol)
        if quote is None:
            return Reading(holds=None, level=Decimal(0), note=f"no usable price of {asked.symbol} is known")
        closes = [*closes[1:], quote.last]
    spread = (
        averages.averages(closes, params["kind"], params["short"])[-1]
        - averages.averages(closes, params["kind"], params["long"])[-1]
    )
    return Reading(holds=spread > 0 if params["direction"] == "up" else spread < 0, value=spread, level=Decimal(0))


def bars_of_strength(asked: Asked) -> Bars:
    return Bars(asked.symbol, asked.params["timeframe"], rsi.bars_needed(asked.params["period"]))


def by_strength(asked: Asked, facts: Facts) -> Reading:
    """Relative strength at the last closed bar, computed from the bars: nobody else may be watching it."""
    spec = asked.spec()
    closes = [row.close for row in facts.bars.get(bars_of_strength(asked), ())]
    value = rsi.rsi_at_close(closes, asked.params["period"])
    if value is None:
        return Reading(holds=None, level=spec.level, note="not enough closed bars are stored")
    return _reached(spec, spec.series, _pushed(value, facts.now))


def by_drawdown(asked: Asked, facts: Facts) -> Reading:
    """How far the portfolio is below its peak now."""
    spec, value = asked.spec(), facts.drawdowns.get(asked.symbol)
    if value is None:
        return Reading(holds=None, level=spec.level, note="a holding has no price")
    return _reached(spec, spec.series, _pushed(value, facts.now))


def by_series(asked: Asked, facts: Facts) -> Reading:
    """The stored value of the series the trigger watches, or the series computed from the standing quote."""
    spec = asked.spec()
    if spec.series.kind != SeriesKind.PUSHED:
        return by_price(asked, facts)
    row = facts.series.get((spec.series.subject, spec.series.observable))
    if row is None or row.value is None:
        return Reading(holds=None, level=spec.level, note="no recent value is stored")
    return _reached(spec, spec.series, _pushed(row.value, facts.now))


def _reached(spec: WatchSpec, series: SeriesSpec, market: MarketSlice) -> Reading:
    state = replace(machine.start(spec, market.at), series=series)
    seen, _ = machine.observe(state, market)
    if seen is None:
        return Reading(holds=None, level=spec.level, note="its base is not known")
    scan = machine.scan_for(spec, machine.ARMED, spec.direction)
    return Reading(holds=scan.reached(seen.last), value=seen.last, level=spec.level)


def _pushed(value: Decimal, now: datetime) -> MarketSlice:
    return MarketSlice(at=now, since=now, low=value, high=value, last=value, pushed=value)


BY_PRICE = Kind(judge=by_price, bars=bars_of_base)
BY_SERIES = Kind(judge=by_series)
KINDS: dict[str, Kind] = {
    "price_above": BY_PRICE,
    "price_below": BY_PRICE,
    "change_pct": BY_PRICE,
    "volume_above": Kind(judge=by_volume, bars=bars_of_volume),
    "ma_cross": Kind(judge=by_averages, bars=bars_of_averages),
    "rsi_above": Kind(judge=by_strength, bars=bars_of_strength),
    "rsi_below": Kind(judge=by_strength, bars=bars_of_strength),
    "drawdown_above": Kind(judge=by_drawdown),
}
