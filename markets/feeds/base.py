"""What a source of ticks has to offer. Adding one:

1. `markets/feeds/<source>.py` with a class that has the five methods of `Feed` (see `demo.py`, 100 lines);
2. a line in `markets/feeds/registry.py`;
3. `tests/markets/feeds/test_<source>.py`.

`manage.py feed --source <source>` then runs it. The runner does everything that is not about the source: leadership,
subscriptions, recording, minute bars, heartbeat, outages.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from markets.types import BarRow, Tick


class Feed(Protocol):
    """A source of ticks. Only the methods that say so may use the database; the runner survives their failures."""

    source: str
    seconds: float  # how often to poll

    def start(self, *, now: datetime) -> None:
        """Connect, or connect again. Called when this process becomes the leader; may use the database."""

    def refresh(self, *, symbols: frozenset[str], now: datetime) -> None:
        """Listen to exactly these symbols (unknown ones are to be ignored). Called every second; may use the database.

        Must be cheap when nothing changed.
        """

    def poll(self, *, now: datetime) -> list[Tick]:
        """The ticks since the last poll, oldest first; [] when the market is closed. Never blocks, never raises for a
        lost connection (reconnect in the background), never touches the database."""

    def missed_bars(self, *, now: datetime) -> Iterable[BarRow]:
        """Finished minute bars between the last stored one and `now`. Called after `start`; may use the database."""

    def stop(self) -> None:
        """Disconnect."""
