"""Move this process's clock by as many seconds as the environment says; forked children inherit it."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

VARIABLE = "PUFFLING_TESTS_MOVE_THE_CLOCK_BY"

if VARIABLE in os.environ:
    import time_machine

    moved = datetime.fromtimestamp(time.time() + float(os.environ[VARIABLE]), UTC)
    time_machine.travel(moved, tick=True).start()
