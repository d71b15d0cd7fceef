"""The meaning of a watch: `step(state, observation) -> (state, fired)`. Plain Python, no clock.

The SQL engine (`markets.observables` and `watches.crossing`) does the same to a million rows at once; a property test
holds the two together. Simulation runs this one.

Inside one observation only the extremes and the last price are known, not their order, except that the last price
came last. So a watch is judged on the extreme in the phase it is in; what it becomes because of that is judged on
the last price alone.

A watch with `hold_seconds` begins to hold where another would fire. The value back on the other side breaks the hold:
the watch is armed again. The first observation after its end that is not back fires it; one more than `USABLE_FOR`
late cannot vouch for what nobody saw, and the hold begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from common.money import HUNDRED, nano
from watches.specs import (
    PEAKS,
    USABLE_FOR,
    Base,
    Follow,
    MarketSlice,
    Repeat,
    Scan,
    Seen,
    SeriesKind,
    SeriesSpec,
    WatchSpec,
)

OFF, ARMED, PRIME, RECOVER, COOLING, ACTIVATE, WAITING, RETRY, HOLDING, HELD = range(10)  # models.Phase
TIMED = (COOLING, RETRY, HOLDING)  # these end at `rearm_at`
BEYOND = Decimal(10**18)  # above every value a column can hold


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchState:
    """Where a watch is. `series` and `direction` are what the first observation made of a following watch."""

    phase: int
    armed_at: datetime
    series: SeriesSpec
    direction: int
    rearm_at: datetime | None = None


def start(spec: WatchSpec, now: datetime) -> WatchState:
    """The state of a watch armed at `now`."""
    return WatchState(phase=first_phase(spec), armed_at=now, series=spec.series, direction=spec.direction)


def first_phase(spec: WatchSpec) -> int:
    if spec.follow:
        return ACTIVATE if spec.follow.activation is not None else WAITING
    return PRIME if spec.primes else ARMED


def scan_for(spec: WatchSpec, phase: int, direction: int) -> Scan:
    """What a watch of `spec` looks for in `phase`."""
    if phase == ARMED:
        return Scan(direction=direction, level=spec.level, strict=spec.strict)
    if phase == PRIME or (phase == RECOVER and not spec.hysteresis):
        return Scan(direction=-direction, level=spec.level, strict=not spec.strict)
    if phase == RECOVER:
        return Scan(direction=-direction, level=spec.level - direction * spec.hysteresis)
    if phase == WAITING:
        return Scan(direction=1, level=-BEYOND)  # any observation will do
    if phase == HOLDING:
        return reverse(spec, direction)
    if phase == HELD:  # any observation will do, shown from the side on which the hold would break
        back = reverse(spec, direction).direction
        return Scan(direction=back, level=-back * BEYOND)
    if phase == ACTIVATE and spec.follow and spec.follow.activation is not None:
        return Scan(direction=-1 if spec.follow.short else 1, level=spec.follow.activation)
    return Scan()


def reverse(spec: WatchSpec, direction: int) -> Scan:
    """What breaks a hold: the exact complement of what fires, or for a pulse its release."""
    if spec.release is None:
        return Scan(direction=-direction, level=spec.level, strict=not spec.strict)
    return Scan(direction=direction if spec.release == spec.level else -direction, level=spec.release)


def rearm(spec: WatchSpec, state: WatchState, now: datetime) -> WatchState:
    """What a watch that waited becomes at `now`; the same state if its time has not come."""
    if state.phase not in TIMED or state.rearm_at is None or state.rearm_at > now:
        return state
    if state.phase == HOLDING:
        return replace(state, phase=HELD)  # keeps `rearm_at`: long after it, an observation proves nothing
    if state.phase == RETRY:
        phase = ARMED
    elif spec.follow:
        return replace(start(spec, now), phase=WAITING)
    else:
        phase = PRIME if spec.primes else ARMED
    return replace(state, phase=phase, armed_at=now, rearm_at=None)


def step(spec: WatchSpec, repeat: Repeat, state: WatchState, market: MarketSlice) -> tuple[WatchState, bool]:
    """Show one usable observation to the watch. Returns the new state and whether it fired."""
    state = rearm(spec, state, market.at)
    if state.phase in (OFF, COOLING, RETRY):
        return _follow_peak(state, market), False
    if state.series.kind == SeriesKind.PUSHED and state.armed_at > market.at:
        return state, False  # a bar that closed before the rule was armed is history
    if state.armed_at > market.since:  # the extremes may be older than the watch
        market = replace(market, low=market.last, high=market.last)
    if state.phase in (WAITING, ACTIVATE):
        return _take_reference(spec, repeat, state, market)
    seen, state = observe(state, market)
    if seen is None:
        return state, False
    return judge(spec, repeat, state, seen, market.at)


def judge(spec: WatchSpec, repeat: Repeat, state: WatchState, seen: Seen, at: datetime) -> tuple[WatchState, bool]:
    """Apply a series' values to a watch that is armed, priming, recovering or holding."""
    if state.phase in (HOLDING, HELD):
        return _judge_hold(spec, repeat, state, seen, at)
    scan = scan_for(spec, state.phase, state.direction)
    if not scan.reached(seen.high if scan.direction > 0 else seen.low):
        return state, False
    if state.phase == RECOVER and state.rearm_at is not None and state.rearm_at > at:
        return replace(state, phase=COOLING), False
    armed = replace(state, phase=ARMED, rearm_at=None)
    if state.phase != ARMED and not scan_for(spec, ARMED, state.direction).reached(seen.last):
        return armed, False
    if spec.hold_seconds:
        return _begin_hold(spec, armed, seen.last, at), False
    return after_firing(spec, repeat, armed, seen.last, at), True


def _begin_hold(spec: WatchSpec, armed: WatchState, last: Decimal, at: datetime) -> WatchState:
    """Hold from `at` on, unless the last value is already back."""
    if not scan_for(spec, ARMED, armed.direction).reached(last):
        return armed
    return replace(armed, phase=HOLDING, rearm_at=at + timedelta(seconds=spec.hold_seconds))


def _judge_hold(
    spec: WatchSpec, repeat: Repeat, state: WatchState, seen: Seen, at: datetime
) -> tuple[WatchState, bool]:
    back = reverse(spec, state.direction)
    if back.reached(seen.high if back.direction > 0 else seen.low):
        armed = replace(state, phase=ARMED, rearm_at=None)
        if spec.hold_seconds:
            return _begin_hold(spec, armed, seen.last, at), False
        return judge(spec, repeat, armed, Seen(low=seen.last, high=seen.last, last=seen.last), at)
    if state.phase == HOLDING or state.rearm_at is None:
        return state, False
    if spec.hold_seconds and at - state.rearm_at > USABLE_FOR:
        return replace(state, phase=HOLDING, rearm_at=at + timedelta(seconds=spec.hold_seconds)), False
    return after_firing(spec, repeat, replace(state, phase=ARMED, rearm_at=None), seen.last, at), True


def after_firing(spec: WatchSpec, repeat: Repeat, state: WatchState, last: Decimal, at: datetime) -> WatchState:
    """What a watch that fired at `at` becomes; `last` is the series' last value."""
    if not repeat.repeats:
        return replace(state, phase=OFF, rearm_at=None)
    ready = at + timedelta(seconds=repeat.cooldown_seconds) if repeat.cooldown_seconds else None
    if spec.follow:
        if ready:
            return replace(state, phase=COOLING, rearm_at=ready)
        return replace(state, phase=WAITING, series=spec.series, direction=spec.direction, rearm_at=None)
    if not scan_for(spec, RECOVER, state.direction).reached(last):
        return replace(state, phase=RECOVER, rearm_at=ready)
    return replace(state, phase=COOLING if ready else ARMED, rearm_at=ready)


def try_again(spec: WatchSpec, state: WatchState, at: datetime, *, pushed: bool) -> WatchState:
    """What a watch that has just fired becomes when nothing was done about it: it tries again at `at`, same level.

    Prices come often: it is blind until then. A hold goes on and may break meanwhile; so does the standing value of
    a pushed series, which no other value may follow for a day.
    """
    return replace(state, phase=HOLDING if spec.hold_seconds or pushed else RETRY, rearm_at=at)


def observe(state: WatchState, market: MarketSlice) -> tuple[Seen | None, WatchState]:
    """The series' values in this observation (None: unknown), and the state with its peak moved."""
    series = state.series
    if series.kind in PEAKS:
        return _observe_peak(state, market)
    if series.kind == SeriesKind.PUSHED:
        value = market.pushed
        return (None if value is None else Seen(low=value, high=value, last=value)), state
    reference = reference_of(series, market)
    if reference is None:
        return None, state
    if series.kind == SeriesKind.VOLUME:
        value = value_at(series, market.volume, reference)
        return Seen(low=value, high=value, last=value), state
    ends = value_at(series, market.low, reference), value_at(series, market.high, reference)
    last = value_at(series, market.last, reference)
    if series.kind == SeriesKind.ABSOLUTE:
        straddles = min(ends) <= 0 <= max(ends)
        sizes = [abs(end) for end in ends]
        return Seen(low=Decimal(0) if straddles else min(sizes), high=max(sizes), last=abs(last)), state
    return Seen(low=min(ends), high=max(ends), last=last), state


def reference_of(series: SeriesSpec, market: MarketSlice) -> Decimal | None:
    """The divisor of the series now; None when it is unknown."""
    if series.base == Base.PREV_CLOSE:
        return market.prev_close
    if series.base == Base.SESSION_OPEN:
        return market.session_open
    return series.reference


def value_at(series: SeriesSpec, x: Decimal, reference: Decimal) -> Decimal:
    """The series' value at price (or volume) `x`, to 9 places."""
    return series.shift + nano(x * series.numerator / reference)


def drawdown(kind: SeriesKind, peak: Decimal, price: Decimal, *, short: bool) -> Decimal:
    """How far `price` is from the best price since the group began: percent of it, or dollars. Positive is worse."""
    distance = price - peak if short else peak - price
    return nano(distance * HUNDRED / peak) if kind == SeriesKind.PEAK_PERCENT else distance


def _observe_peak(state: WatchState, market: MarketSlice) -> tuple[Seen, WatchState]:
    series = state.series
    old = series.reference if series.reference is not None else market.last
    worst, best = (market.high, market.low) if series.short else (market.low, market.high)
    new = min(old, best) if series.short else max(old, best)
    # The old peak is judged against the worst price first, then the peak moves, then the last price is judged.
    before = drawdown(series.kind, old, worst, short=series.short)
    last = drawdown(series.kind, new, market.last, short=series.short)
    least = drawdown(series.kind, new, best, short=series.short)
    moved = replace(state, series=replace(series, reference=new))
    return Seen(low=least, high=max(before, last), last=last), moved


def _follow_peak(state: WatchState, market: MarketSlice) -> WatchState:
    """A peak group moves whether or not this watch is scanning it."""
    if state.series.kind in PEAKS and state.phase == RETRY:
        return _observe_peak(state, market)[1]
    return state


def _take_reference(spec: WatchSpec, repeat: Repeat, state: WatchState, market: MarketSlice) -> tuple[WatchState, bool]:
    follow = spec.follow
    assert follow is not None
    if follow.kind == "either_way":
        seen, state = observe(state, market)
        if seen is None:
            return state, False
        return replace(state, phase=ARMED, direction=-1 if seen.last > spec.level else 1), False
    if state.phase == ACTIVATE:
        scan = scan_for(spec, ACTIVATE, state.direction)
        best = market.low if follow.short else market.high
        if not scan.reached(best):
            return state, False
    else:
        best = market.last
    series = followed_series(follow, spec.series.subject, best)
    state = replace(state, phase=ARMED, series=series)
    if follow.kind != "trail":
        return state, False
    value = drawdown(series.kind, best, market.last, short=follow.short)
    return judge(spec, repeat, state, Seen(low=value, high=value, last=value), market.at)


def followed_series(follow: Follow, subject: str, reference: Decimal) -> SeriesSpec:
    """The series a following watch moves to once its reference is known."""
    if follow.kind == "trail":
        return SeriesSpec(
            subject=subject,
            observable=f"drawdown:{follow.unit}:{'short' if follow.short else 'long'}",
            kind=SeriesKind.PEAK_PERCENT if follow.unit == "pct" else SeriesKind.PEAK_AMOUNT,
            reference=reference,
            short=follow.short,
        )
    return SeriesSpec(
        subject=subject,
        observable=f"{'abs_' if follow.absolute else ''}change_pct:from:{format(nano(reference), 'f')}",
        kind=SeriesKind.ABSOLUTE if follow.absolute else SeriesKind.DERIVED,
        shift=-HUNDRED,
        numerator=HUNDRED,
        reference=reference,
    )
