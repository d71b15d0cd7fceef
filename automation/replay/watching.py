"""A watch over a feed: skip what cannot matter, show the machine the rest. Plain Python and numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import numpy as np

from automation.replay import scanning
from automation.replay.bars import exact
from automation.replay.feeds import BarFeed, Feed, Tape
from automation.replay.pricing import WHOLE, fired_at
from automation.replay.pushed import DrawdownFeed, Worth, pushed_feed
from common.money import HUNDRED
from watches import machine
from watches.specs import PEAKS, MarketSlice, Repeat, SeriesKind, SeriesSpec, WatchSpec

SCANNED = (machine.ARMED, machine.PRIME, machine.RECOVER)


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A firing: `bar` is where it can be acted on, at `price`; `rest` says what of that bar comes after it.

    `seen` is the price the engine would keep with the firing; None for closed bars and clocks, as there.
    """

    bar: int
    at: datetime
    price: Decimal | None  # None: no price can be had then
    rest: str  # what of the bar comes after: see pricing
    seen: Decimal | None = None
    value: Decimal | None = None
    level: Decimal | None = None
    state: machine.WatchState | None = None


class Watcher:
    """The pure machine's watch, from observation to observation."""

    def __init__(
        self, spec: WatchSpec, tape: Tape, *, armed_at: datetime, worth: Worth, look_ahead: bool = True
    ) -> None:
        self.spec = spec
        self.look_ahead = look_ahead
        self.bars = tape.bars
        self.pushed = spec.series.kind == SeriesKind.PUSHED
        self.feed = self._feed_for(tape, worth)
        self.state = machine.start(spec, armed_at)
        begin = int(armed_at.timestamp())
        # A closed bar counts from its close on, a bar of prices as long as some of it is to come.
        self.position = int(np.searchsorted(self.feed.at, begin, side="left" if self.pushed else "right"))
        self.position = max(self.position, 0 if self.pushed else self.bars.first)
        self.fires = 0

    def _feed_for(self, tape: Tape, worth: Worth) -> Feed:
        if not self.pushed:
            return BarFeed(tape, self.spec)
        if self.spec.series.observable == "drawdown":
            return DrawdownFeed(tape, worth)
        return pushed_feed(tape, self.spec.series.observable)

    def advance(self, *, until: int, repeat: Callable[[], Repeat]) -> Hit | None:
        """The next firing that can be acted on before bar `until`; None when there is none."""
        stop = self.feed.before(until)
        while self.position < stop:
            index = self._candidate(stop)
            if index >= stop:
                self.position = stop
                return None
            hit = self._show(index, repeat())
            self.position = index + 1
            if hit is not None:
                self.fires += 1
                return hit
        return None

    def switch_off(self) -> None:
        self.state = replace(self.state, phase=machine.OFF, rearm_at=None)

    def retry(self, state: machine.WatchState, at: datetime) -> None:
        """A firing came to nothing: armed again at `at`, on the same level."""
        self.state = replace(state, phase=machine.RETRY, rearm_at=at)

    def restart(self, at: datetime) -> None:
        """Arm afresh."""
        self.state = machine.start(self.spec, at)

    # --- which observation may matter
    def _candidate(self, stop: int) -> int:
        phase, start, feed = self.state.phase, self.position, self.feed
        if phase == machine.OFF:
            return stop
        if not self.look_ahead and phase not in (machine.COOLING, machine.RETRY):
            return start
        if phase in (machine.COOLING, machine.RETRY):
            return self._after_waiting(start, stop)
        if phase in SCANNED and self.state.series.kind in PEAKS:
            return self._trail(start, stop)
        if phase in SCANNED:
            return feed.next(self.state.series, machine.scan_for(self.spec, phase, self.state.direction), start, stop)
        if isinstance(feed, BarFeed) and phase == machine.WAITING:
            return feed.next_known(self.state.series, start, stop)
        if isinstance(feed, BarFeed) and phase == machine.ACTIVATE:
            price = SeriesSpec(subject="", observable="price")
            return feed.next(price, machine.scan_for(self.spec, phase, self.state.direction), start, stop)
        return start  # a phase of which nothing is known here: look at every observation

    def _after_waiting(self, start: int, stop: int) -> int:
        ready = self.state.rearm_at
        # Live, a bar that closed as the cooldown ended had closed before the watch was armed: it is history.
        late = self.pushed and self.state.phase == machine.COOLING
        index = (
            start if ready is None else scanning.first_not_before(self.feed.at, int(ready.timestamp()) + late, start)
        )
        index = min(index, stop)
        series = self.state.series
        if self.state.phase == machine.RETRY and series.kind in PEAKS and index > start:  # its peak moves meanwhile
            part = self.bars.low[start:index] if series.short else self.bars.high[start:index]
            self._set_peak(exact(part.min() if series.short else part.max()))
        return index

    def _trail(self, start: int, stop: int) -> int:
        series, bars = self.state.series, self.bars
        level = float(self.spec.level)
        percent = series.kind == SeriesKind.PEAK_PERCENT
        amount = 0.0 if percent else level
        peak = float(series.reference or 0)
        if series.short:
            best, worst, last = -bars.low, -bars.high, -bars.close
            peak, factor = -peak, 1 + level / float(HUNDRED) if percent else 1.0
        else:
            best, worst, last = bars.high, bars.low, bars.close
            factor = 1 - level / float(HUNDRED) if percent else 1.0
        index, before = scanning.trailing(best, worst, last, peak=peak, trail=(factor, amount), start=start, stop=stop)
        self._set_peak(exact(-before if series.short else before))
        return index

    def _set_peak(self, peak: Decimal) -> None:
        series = self.state.series
        old = series.reference
        if old is None or (peak < old if series.short else peak > old):
            self.state = replace(self.state, series=replace(series, reference=peak))

    # --- what it means
    def _show(self, index: int, repeat: Repeat) -> Hit | None:
        market = self._holding(self.feed.slice(index))
        home = self.spec.series
        spec = replace(self.spec, series=self.feed.as_of(home, index))
        before = self.state
        if before.series.observable == home.observable and spec.series is not home:
            before = replace(before, series=spec.series)
        after, fired = machine.step(spec, repeat, before, market)
        if spec.series is not home and after.series.observable == home.observable:
            after = replace(after, series=home)  # its coefficients are those of the moment
        self.state = after
        return self._hit(index, spec, before, market) if fired else None

    def _holding(self, market: MarketSlice) -> MarketSlice:
        """A condition that must last is over inside a bar, not at its end."""
        over = self.state.rearm_at
        known = (*SCANNED, machine.COOLING, machine.RETRY)
        if self.state.phase in known or over is None or not market.since <= over <= market.at:
            return market
        return replace(market, at=over)

    def _hit(self, index: int, spec: WatchSpec, before: machine.WatchState, market: MarketSlice) -> Hit:
        seen, moved = machine.observe(before, market)
        armed: machine.WatchState | None = replace(moved, phase=machine.ARMED, rearm_at=None)
        if before.phase in (machine.WAITING, machine.ACTIVATE):
            armed = None  # its series was new: begin afresh
        elif before.series.observable == self.spec.series.observable:
            armed = replace(moved, phase=machine.ARMED, rearm_at=None, series=self.spec.series)
        value = None if seen is None else seen.last
        if self.pushed:
            bar = self.feed.acted_on(index)
            price = exact(self.bars.open[bar]) if bar < len(self.bars) else None
            return Hit(bar=bar, at=market.at, price=price, rest=WHOLE, value=value, level=spec.level, state=armed)
        price, rest = fired_at(spec, before, market, exact(self.bars.open[index]))
        return Hit(
            bar=index, at=market.at, price=price, rest=rest, seen=price, value=value, level=spec.level, state=armed
        )
