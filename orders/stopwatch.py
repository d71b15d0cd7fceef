"""Time that goes on while a long piece of work runs, from the moment the door read the clock."""

from __future__ import annotations

import time
from datetime import datetime, timedelta


class Stopwatch:
    """Counts from `start` with the monotonic clock, so that a wall clock that jumps cannot stretch a lease."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._began = time.monotonic()

    def elapsed(self) -> timedelta:
        """How long it has been running."""
        return timedelta(seconds=time.monotonic() - self._began)

    def now(self) -> datetime:
        """The time now."""
        return self._start + self.elapsed()
