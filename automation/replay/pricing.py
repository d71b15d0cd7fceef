"""At which price inside a bar a watch fired. Plain Python.

The live engine sees tick after tick, so a level is met where the price first reaches it: at the bar's open if that is
already there, else at the level itself, to the tick towards firing. What only the close shows is met at the close.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from common.money import CENT, HUNDRED
from watches import machine
from watches.specs import PEAKS, MarketSlice, SeriesKind, SeriesSpec, WatchSpec

# What of a bar is known to come after a price in it: all of it, its low (the price fell through it), its high, nothing.
WHOLE, LOW, HIGH, NOTHING = "whole", "low", "high", "nothing"
Met = tuple[Decimal, str]


def fired_at(spec: WatchSpec, state: machine.WatchState, market: MarketSlice, opened: Decimal) -> Met:
    """The price at which the watch, in `state` before this bar, fired in it, and what of the bar comes after that.

    `opened` is the bar's open.
    """
    series = state.series
    seen_from_the_start = state.phase == machine.ARMED and state.armed_at <= market.since
    if not seen_from_the_start or series.kind in (SeriesKind.VOLUME, SeriesKind.PUSHED):
        return market.last, NOTHING
    scan = machine.scan_for(spec, machine.ARMED, state.direction)
    if series.kind in PEAKS:
        return _stopped_at(spec, series, market, opened)
    reference = machine.reference_of(series, market)
    if reference is None:
        return market.last, NOTHING

    def fires(price: Decimal) -> bool:
        return scan.reached(_value(series, price, reference))

    if fires(opened):
        return opened, WHOLE
    met = [
        (_within(_tick(exact, way, fires), market), HIGH if way > 0 else LOW)
        for exact, way in _levels(spec, state, series, reference)
        if fires(market.high if way > 0 else market.low)
    ]
    return min(met, key=lambda one: abs(one[0] - opened), default=(market.last, NOTHING))


def _stopped_at(spec: WatchSpec, series: SeriesSpec, market: MarketSlice, opened: Decimal) -> Met:
    """Where a trailing stop was met: at the line below the best price before this bar, or only at the close."""
    best = series.reference
    if best is None:
        return market.last, NOTHING

    def fires(price: Decimal) -> bool:
        return machine.drawdown(series.kind, best, price, short=series.short) >= spec.level

    if fires(opened):
        return opened, WHOLE
    if not fires(market.high if series.short else market.low):
        return market.last, NOTHING  # a new best came first, and the close is a trail away from it
    trail = spec.level * best / HUNDRED if series.kind == SeriesKind.PEAK_PERCENT else spec.level
    way = 1 if series.short else -1
    return _within(_tick(best + way * trail, way, fires), market), HIGH if series.short else LOW


def _levels(
    spec: WatchSpec, state: machine.WatchState, series: SeriesSpec, reference: Decimal
) -> list[tuple[Decimal, int]]:
    """The prices at which the series stands at its level, and the way prices go on firing from there."""
    up = (spec.level - series.shift) * reference / series.numerator
    if series.kind != SeriesKind.ABSOLUTE:
        return [(up, state.direction)]
    return [(up, 1), ((-spec.level - series.shift) * reference / series.numerator, -1)]


def _value(series: SeriesSpec, price: Decimal, reference: Decimal) -> Decimal:
    value = machine.value_at(series, price, reference)
    return abs(value) if series.kind == SeriesKind.ABSOLUTE else value


def _tick(exact: Decimal, way: int, fires: Callable[[Decimal], bool]) -> Decimal:
    """The first price on the grid from `exact` on, going `way`, that fires."""
    tick = CENT if exact >= 1 else CENT / 100
    price = exact.quantize(tick, ROUND_CEILING if way > 0 else ROUND_FLOOR)
    if not fires(price):  # beyond the level, not at it
        price += way * tick
    elif fires(price - way * tick):  # values are rounded to nine places
        price -= way * tick
    return price


def _within(price: Decimal, market: MarketSlice) -> Decimal:
    return min(max(price, market.low), market.high)
