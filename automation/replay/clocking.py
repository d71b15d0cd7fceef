"""Clock triggers over bars: each time by the same plan as live, with the first price that can be had then."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from automation.firing import CLOCK_FIRING_LASTS
from automation.replay.bars import exact, moment
from automation.replay.feeds import Tape
from automation.replay.pricing import NOTHING, WHOLE
from automation.replay.watching import Hit
from automation.triggers.base import ClockPlan, SessionTimes
from watches.machine import WatchState
from watches.specs import Repeat

LOOK_AHEAD, LOOK_BACK = timedelta(days=15), timedelta(days=1)  # as automation.arming.sessions_from


class ClockWatcher:
    """A clock's times, one after the other."""

    def __init__(self, plan: ClockPlan, tape: Tape, *, armed_at: datetime) -> None:
        self.plan = plan
        self.bars = tape.bars
        self.dates = [session.date for session in tape.bars.sessions]
        self.due = self._next(armed_at)
        self.off = False
        self.fires = 0

    def advance(self, *, until: int, repeat: Callable[[], Repeat]) -> Hit | None:
        """The next time that can be acted on before bar `until`; None when there is none."""
        if self.off or self.due is None:
            return None
        hit = self._hit(self.due)
        if hit.bar >= until:
            return None
        self.off = not repeat().repeats
        self.due = self._next(self.due)
        self.fires += 1
        return hit

    def switch_off(self) -> None:
        self.off = True

    def retry(self, state: WatchState, at: datetime) -> None:
        """A clock does not try again: its next time comes."""
        self.restart(at)

    def restart(self, at: datetime) -> None:
        """Go on with the first time after `at`."""
        if self.off:
            self.off, self.due = False, self._next(at)

    def _next(self, after: datetime) -> datetime | None:
        """The first time after `after`; where the calendar shows none, looked for again a day later, as live."""
        end = moment(self.bars.ends[-1]) if len(self.bars) else after
        while after <= end:
            due = self.plan.next_due(after, self._sessions(after))
            if due is not None:
                return due
            after += timedelta(days=1)
        return None

    def _sessions(self, after: datetime) -> list[SessionTimes]:
        first = bisect_left(self.dates, (after - LOOK_BACK).date())
        last = bisect_left(self.dates, (after + LOOK_AHEAD).date() + timedelta(days=1))
        return list(self.bars.sessions[first:last])

    def _hit(self, due: datetime) -> Hit:
        """At the open of a bar that begins then or soon after; inside a bar, at its close: the next price known."""
        bars, seconds = self.bars, int(due.timestamp())
        bar = int(np.searchsorted(bars.starts, seconds, side="left"))
        if bar < len(bars) and bars.starts[bar] == seconds:
            return Hit(bar=bar, at=due, price=exact(bars.open[bar]), rest=WHOLE)
        if bar and bars.ends[bar - 1] > seconds:
            return Hit(bar=bar - 1, at=due, price=exact(bars.close[bar - 1]), rest=NOTHING)
        if bar < len(bars) and bars.starts[bar] - seconds <= CLOCK_FIRING_LASTS.total_seconds():
            return Hit(bar=bar, at=due, price=exact(bars.open[bar]), rest=WHOLE)
        return Hit(bar=bar, at=due, price=None, rest=NOTHING)
