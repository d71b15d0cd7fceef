"""/ws/agent: every step in order; a client that was away in the middle of a run reads what it missed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connection
from django.test import Client

from accounts.models import User
from agent.models import AgentRun, AgentStep
from agent.providers.base import Reply, Request
from agent.running import execute
from agent.starting import start_run
from common.clock import now
from live import consumers, limits
from live.consumers import UserSocket
from tests.agent.models import reply
from tests.agent.world import settle, think
from tests.live.test_consumers import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
CALLS = 6


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserSocket, "heartbeat_seconds", 30)
    monkeypatch.setattr(consumers, "open_sockets", limits.OpenSockets())


class Paced:
    """One tool call per answer, then the report. `between` is called before each answer."""

    name = "paced"

    def __init__(self, between: Callable[[int], None]) -> None:
        self._between, self.answers = between, 0

    def complete(self, request: Request, *, on_text: Callable[[str], None]) -> Reply:
        self._between(self.answers)
        self.answers += 1
        if self.answers <= CALLS:
            return reply([("get_quotes", {"symbols": ["AAPL"]})])
        return reply([("submit_report", {"summary": "Done."})])


def begin(at: datetime, mode: str = "report") -> tuple[User, AgentRun]:
    place = settle("ada", at)
    think(place.desk, at, mode=mode)
    return place.desk.user, start_run(user=place.desk.user, now=at, trigger="manual")


def numbers(run: AgentRun) -> list[int]:
    return list(AgentStep.objects.filter(run=run).values_list("number", flat=True))


async def steps_until_the_end(opened: WebsocketCommunicator, seen: list[dict[str, Any]]) -> None:
    """Read on until the run's end is told."""
    while True:
        message = await opened.receive_json_from(timeout=10)
        if message["topic"] != "agent":
            continue
        seen.append(message)
        if message["kind"] == "run" and message["payload"]["state"] == "succeeded":
            return


async def test_every_step_arrives_in_order() -> None:
    at = now()
    user, run = await sync_to_async(begin)(at)
    opened = await signed_in(user, "/ws/agent")
    await sync_to_async(execute)(run.pk, clock=now, provider=Paced(lambda _: None))
    seen: list[dict[str, Any]] = []
    await steps_until_the_end(opened, seen)
    await opened.disconnect()
    steps = [one["payload"]["number"] for one in seen if one["kind"] == "step"]
    assert steps == await sync_to_async(numbers)(run) == list(range(1, len(steps) + 1))
    assert len(steps) >= 2 * CALLS + 2
    assert [one["seq"] for one in seen] == sorted(one["seq"] for one in seen)


def work(run: AgentRun, model: Paced) -> None:
    """The worker, in a thread and with a connection of its own."""
    try:
        assert execute(run.pk, clock=now, provider=model)
    finally:
        connection.close()


def missed_by(user: User, after: int) -> list[dict[str, Any]]:
    """What the API tells to somebody who has read up to `after`."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    found: list[dict[str, Any]] = client.get(f"/api/events/?after={after}").json()["results"]
    return found


async def test_a_client_that_was_away_misses_no_step() -> None:
    """It goes after the second answer, comes back after the fourth, and asks the API for what was between."""
    user, run = await sync_to_async(begin)(now())
    may_go_on, at_work = [threading.Event() for _ in range(2)], [threading.Event() for _ in range(2)]

    def between(answers: int) -> None:
        if answers in (2, 4):
            number = answers // 2 - 1
            at_work[number].set()
            assert may_go_on[number].wait(20)

    first = await signed_in(user, "/ws/agent")
    working = asyncio.create_task(asyncio.to_thread(work, run, Paced(between)))
    assert await asyncio.to_thread(at_work[0].wait, 20)
    before = [await first.receive_json_from(timeout=10) for _ in range(4)]
    await first.disconnect()
    may_go_on[0].set()
    assert await asyncio.to_thread(at_work[1].wait, 20)
    second = await signed_in(user, "/ws/agent")
    missed = await sync_to_async(missed_by)(user, before[-1]["seq"])
    may_go_on[1].set()
    after: list[dict[str, Any]] = []
    await steps_until_the_end(second, after)
    await working
    await second.disconnect()
    told = {one["seq"]: one for one in (*before, *missed, *after) if one["topic"] == "agent"}
    steps = [told[seq]["payload"]["number"] for seq in sorted(told) if told[seq]["kind"] == "step"]
    assert steps == await sync_to_async(numbers)(run)
    assert missed, "there was something to miss"
