"""The sockets. They only tell; nothing can be changed through them.

Every message is `{seq, topic, kind, payload, at}`. Events carry the user's number (`GET /api/events/?after=` lists the
same ones); what the socket says for itself has topic `socket`: `hello` once and `heartbeat` every 15 s, both with
`payload.last_seq`, and `error`. Quotes have topic `quotes` and no number.

A socket knows how far it has told its user, and reads from the rows whatever the channel layer lost or reordered:
what it sends is gap-free, in order and at most one heartbeat late, even if Redis was wiped in between.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer

from common.clock import now
from live import limits
from live.catching_up import catch_up, last_seq
from live.identities import Identity, by_session, by_ticket
from live.numbering import iso
from live.sending import group_of

log = logging.getLogger(__name__)
open_sockets = limits.OpenSockets()


class UserSocket(AsyncWebsocketConsumer):
    """One open socket of one user. Subclasses say which topics it tells; None is all."""

    topics: frozenset[str] | None = None
    ticket_seconds = 10.0
    heartbeat_seconds = 15.0
    recheck_seconds = 60.0
    send_seconds = 10.0
    longest = timedelta(hours=12)

    async def connect(self) -> None:
        """Accept; a session tells who it is, anybody else must send a ticket."""
        self.identity: Identity | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.received = limits.Rate()
        self.telling = asyncio.Lock()
        self.told = 0
        self.closed = False
        await self.accept()
        identity = await database_sync_to_async(by_session)(self.scope.get("user"), self.scope.get("session"))
        if identity:
            await self.enter(identity)
        else:
            self.spawn(self.wait_for_ticket())

    async def enter(self, identity: Identity) -> None:
        """From here on the socket belongs to a user."""
        if not open_sockets.enter(identity.user_id):
            await self.close(limits.TOO_MANY)
            return
        self.identity = identity
        # First listen, then ask where we are: an event in between is told, not lost.
        await self.channel_layer.group_add(group_of(identity.user_id), self.channel_name)
        self.told = await database_sync_to_async(last_seq)(identity.user_id)
        await self.say("hello", seq=self.told, last_seq=self.told, heartbeat_seconds=self.heartbeat_seconds)
        self.spawn(self.keep_alive(identity))

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close once; nothing is sent after it."""
        if not self.closed:
            self.closed = True
            await super().close(code, reason)

    async def disconnect(self, code: int) -> None:
        """Give everything back."""
        self.closed = True
        for task in self.tasks:
            task.cancel()
        if self.identity:
            open_sockets.leave(self.identity.user_id)
            await self.channel_layer.group_discard(group_of(self.identity.user_id), self.channel_name)

    # --- what comes in -------------------------------------------------------------------------------------------
    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A message of the client: its ticket, or what the subclass understands."""
        if text_data is None:
            await self.close(limits.NOT_TEXT)
        elif len(text_data.encode("utf-8", "surrogatepass")) > limits.MESSAGE_BYTES:
            await self.close(limits.TOO_LARGE)
        elif not self.received.admits(time.monotonic()):
            await self.close(limits.TOO_MANY)
        else:
            await self.understand(_parsed(text_data))

    async def understand(self, message: dict[str, Any]) -> None:
        """Act on a parsed message."""
        if self.identity:
            await self.say("error", detail="This socket only tells; use the API to do things.")
            return
        ticket = message.get("ticket")
        identity = await database_sync_to_async(by_ticket)(ticket, now=now()) if isinstance(ticket, str) else None
        if identity:
            await self.enter(identity)
        else:
            await self.close(limits.NOT_SIGNED_IN)

    async def wait_for_ticket(self) -> None:
        """Do not let strangers sit here."""
        await asyncio.sleep(self.ticket_seconds)
        if not self.identity:
            await self.close(limits.TIMED_OUT)

    # --- what goes out -------------------------------------------------------------------------------------------
    async def user_events(self, message: dict[str, Any]) -> None:
        """The channel layer hands over freshly numbered events."""
        if self.identity:
            await self.tell(self.identity.user_id, message["events"])

    async def tell(self, user_id: int, events: Sequence[dict[str, Any]] | None) -> None:
        """Send these events if they are the next ones, else read what is missing. None: just look."""
        async with self.telling:
            fresh = [event for event in events or () if event["seq"] > self.told]
            if events is None or (fresh and fresh[0]["seq"] != self.told + 1):
                await self.tell_from_rows(user_id)
                return
            await self.forward(fresh)

    async def tell_from_rows(self, user_id: int) -> None:
        """Everything after what was told."""
        more = True
        while more:
            found = await database_sync_to_async(catch_up)(user_id, after=self.told, limit=200)
            await self.forward([event.message() for event in found.events])
            self.told = max(self.told, found.events[-1].seq if found.events else found.last_seq)
            more = found.more

    async def forward(self, events: Sequence[dict[str, Any]]) -> None:
        """Send the events of this socket's topics; the others count as told."""
        for event in events:
            if self.topics is None or event["topic"] in self.topics:
                await self.put(event)
            self.told = event["seq"]

    async def say(self, kind: str, *, seq: int | None = None, **payload: Any) -> None:
        """A message of the socket itself."""
        await self.put({"seq": seq, "topic": "socket", "kind": kind, "payload": payload, "at": iso(now())})

    async def put(self, message: dict[str, Any]) -> None:
        """Send. A client that does not read for ten seconds is cut off: it can fetch everything again."""
        if self.closed:
            return
        try:
            async with asyncio.timeout(self.send_seconds):
                await self.send(text_data=json.dumps(message))
        except TimeoutError:
            await self.close(limits.TIMED_OUT)
            raise StopConsumer from None

    # --- staying open --------------------------------------------------------------------------------------------
    async def keep_alive(self, identity: Identity) -> None:
        """Heartbeats, and every minute the question whether this user still may listen."""
        opened = checked = time.monotonic()
        # Not all at the same moment after a restart, twelve hours later.
        longest = self.longest.total_seconds() * random.uniform(0.9, 1)
        while time.monotonic() - opened < longest:
            await asyncio.sleep(self.heartbeat_seconds)
            if time.monotonic() - checked >= self.recheck_seconds:
                checked = time.monotonic()
                if not await database_sync_to_async(identity.holds)(now()):
                    await self.close(limits.NOT_SIGNED_IN)
                    return
            await self.tell(identity.user_id, None)
            await self.say("heartbeat", last_seq=self.told)
        await self.close(limits.TIMED_OUT)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside the message loop until the socket closes. If it breaks, so does the socket: clients reconnect."""
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.ended)

    def ended(self, task: asyncio.Task[None]) -> None:
        """A task is over; one that failed must not leave a socket that looks alive."""
        self.tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error and not isinstance(error, StopConsumer) and not self.closed:
            log.error("socket of user %s closed", self.identity and self.identity.user_id, exc_info=error)
            self.spawn(self.close(limits.BROKEN))


def _parsed(text: str) -> dict[str, Any]:
    """The JSON object in a message; an empty one if it is none."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


class AlertsSocket(UserSocket):
    """`/ws/alerts`: new alerts."""

    topics = frozenset({"alerts"})


class AgentSocket(UserSocket):
    """`/ws/agent`: the agent's steps as they happen."""

    topics = frozenset({"agent"})
