"""Real processes whose clocks are moved together, so that a journey can live through the 8th of March in seconds.

Every process of the stack, and the test itself, sees the real time plus one offset: the clocks go on ticking and agree
with each other. Between two moments everything is stopped and started again, as a machine that was switched off.
The database keeps the real time, which nothing here asks it for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from tests.journeys.moved_clock.preload.sitecustomize import VARIABLE
from tests.journeys.stack import Stack

PRELOAD = Path(__file__).parent / "preload"


@contextmanager
def living_at(moment: datetime, stack: Stack, *names: str) -> Iterator[dict[str, str]]:
    """The services run inside, and it is `moment` (UTC) when they begin to start; all is stopped afterwards.

    Yields the environment that moves the clock of a process started meanwhile.
    """
    offset = moment.timestamp() - time.time()
    with time_machine.travel(datetime.fromtimestamp(time.time() + offset, UTC), tick=True):
        environment = {VARIABLE: str(offset), "PYTHONPATH": str(PRELOAD)}
        stack.start(*names, **environment)
        try:
            yield environment
        finally:
            stack.stop()
