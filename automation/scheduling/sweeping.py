"""What the sweeper does for jobs, so that a dead beat loses nothing."""

from __future__ import annotations

from datetime import datetime

from automation.scheduling import looking, reporting


def sweep(now: datetime) -> None:
    """Every two seconds: what is due, and whom there is something to tell. Safe beside beat and other sweepers."""
    looking.look(now=now, batches=1)  # stops must not wait for a thousand jobs at the open: workers look too
    reporting.report(now=now)
