"""`/ws/live`: every event, and the prices of the symbols on the page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection
from typing import Any

from channels.db import database_sync_to_async

from common.clock import now
from live.board import board
from live.consumers import UserSocket
from live.limits import SYMBOLS_PER_SOCKET
from live.numbering import iso
from live.sources import show

SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-/]{0,19}")


class LiveSocket(UserSocket):
    """Every event of the user. `{"subscribe": ["AAPL", …]}` names the symbols whose quotes are wanted from now on;
    an empty list ends it. Changed quotes come at most once a second.
    """

    quote_seconds = 1.0
    renew_seconds = 20.0

    async def connect(self) -> None:
        self.symbols: frozenset[str] = frozenset()
        self.sent: dict[str, dict[str, Any]] = {}
        self.watching = False
        self.renew_in = 0.0  # seconds until the feed must hear again that somebody looks
        await super().connect()

    async def disconnect(self, code: int) -> None:
        board.remove(self.symbols)
        await super().disconnect(code)

    async def understand(self, message: dict[str, Any]) -> None:
        wanted = message.get("subscribe")
        if not self.identity or wanted is None:
            await super().understand(message)
            return
        refusal = refused(wanted)
        if refusal:
            await self.say("error", detail=refusal)
            return
        board.remove(self.symbols)
        self.symbols, self.sent = frozenset(wanted), {}
        self.renew_in = 0.0
        board.add(self.symbols)
        if not self.watching:
            self.watching = True
            self.spawn(self.watch())

    async def watch(self) -> None:
        """Send what changed, once a second."""
        while True:
            if self.renew_in <= 0 and self.symbols:
                self.renew_in = self.renew_seconds
                await database_sync_to_async(show)(self.symbols, now=now())
            latest = await board.latest(self.symbols)
            changed = {symbol: quote for symbol, quote in latest.items() if self.sent.get(symbol) != quote}
            if changed:
                self.sent = latest
                payload = {"quotes": changed}
                await self.put({"seq": None, "topic": "quotes", "kind": "quotes", "payload": payload, "at": iso(now())})
            await asyncio.sleep(self.quote_seconds)
            self.renew_in -= self.quote_seconds


def refused(wanted: Any) -> str:
    """Why these are not symbols to subscribe to; empty if they are."""
    if not isinstance(wanted, Collection) or isinstance(wanted, (str, dict)):
        return "subscribe must be a list of symbols."
    if len(wanted) > SYMBOLS_PER_SOCKET:
        return f"{len(wanted)} symbols: at most {SYMBOLS_PER_SOCKET} per socket."
    strange = [item for item in wanted if not isinstance(item, str) or not SYMBOL.fullmatch(item)]
    return f"{strange[0]!r} is not a symbol." if strange else ""
