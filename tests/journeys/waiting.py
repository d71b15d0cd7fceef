"""Waiting for other processes: patiently, because the machine may be busy, and with a reason when it was in vain."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds; nothing here measures speed


def eventually(
    check: Callable[[], object],
    what: str,
    *,
    seconds: float = PATIENCE,
    meanwhile: Callable[[], object] | None = None,
    every: float = 4.0,
) -> None:
    """Return as soon as `check` is true; fail with `what` when it never was.

    `meanwhile` is called every so many seconds of waiting: the market that goes on trading, for instance.
    """
    deadline = time.monotonic() + seconds
    again = time.monotonic() + every
    while not check():
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still not: {what}"
        if meanwhile and time.monotonic() > again:
            meanwhile()
            again = time.monotonic() + every
        time.sleep(0.03)
