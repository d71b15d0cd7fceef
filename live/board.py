"""One reader of quotes for all sockets of a web process: at most one query a second, however many look."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from typing import Any

from channels.db import database_sync_to_async

from live.sources import quotes

READ_EVERY_SECONDS = 1.0


class QuoteBoard:
    """The latest quotes of the symbols somebody looks at."""

    def __init__(self) -> None:
        self._shown: Counter[str] = Counter()
        self._latest: dict[str, dict[str, Any]] = {}
        self._read_at = float("-inf")
        self._reading: dict[asyncio.AbstractEventLoop, asyncio.Lock] = {}

    def add(self, symbols: Collection[str]) -> None:
        """A socket shows these from now on."""
        self._shown.update(symbols)
        self._read_at = float("-inf")

    def remove(self, symbols: Collection[str]) -> None:
        """A socket shows these no longer."""
        self._shown.subtract(symbols)
        for symbol in [symbol for symbol in symbols if self._shown[symbol] <= 0]:
            del self._shown[symbol]

    async def latest(self, symbols: Collection[str]) -> dict[str, dict[str, Any]]:
        """The quotes of these symbols, at most a second old."""
        async with self._lock():
            if time.monotonic() - self._read_at >= READ_EVERY_SECONDS:
                self._latest = await database_sync_to_async(quotes)(sorted(self._shown))
                self._read_at = time.monotonic()
        return {symbol: self._latest[symbol] for symbol in symbols if symbol in self._latest}

    def _lock(self) -> asyncio.Lock:
        """A lock belongs to one event loop; a web process has one, the tests have many."""
        loop = asyncio.get_running_loop()
        if loop not in self._reading:
            self._reading = {loop: asyncio.Lock()}
        return self._reading[loop]


board = QuoteBoard()
