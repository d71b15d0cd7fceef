"""Numbered places where a test can kill the process: one between every two side effects of an order's journey.

Set PUFFLING_CRASH_AT to a name and the process gets SIGKILL when it comes by, as if the power had gone.
"""

from __future__ import annotations

import os
import signal
from typing import Final

from django.conf import settings

# In the order in which an order passes them. What is true in the database and at the broker at each:
POINTS: Final = {
    "1_placing": "nothing is written yet; the caller's transaction rolls back and its execution stays pending",
    "2_placed": "the order is committed as queued; no nudge was sent, the sweeper finds it",
    "3_claiming": "marked submitting in an open transaction: it rolls back to queued",
    "4_claimed": "committed as submitting under a lease; the broker knows nothing; the next owner looks it up first",
    "5_looked_up": "a look-up was answered; nothing of it is recorded, so it is asked again",
    "6_before_wire": "the switch was read for the last time; nothing was sent",
    "7_after_wire": "the broker has the order (an embedded one rolls back with us); here it is still submitting",
    "8_recording": "the outcome is written in an open transaction: it rolls back, the look-up adopts the order",
    "9_recorded": "the outcome is committed; no nudge or push was sent, pollers and the sweeper catch up",
}


def crash_point(name: str) -> None:
    """Kill this process here if the environment asks for it."""
    if settings.CONFIG.crash_at == name:
        os.kill(os.getpid(), signal.SIGKILL)
