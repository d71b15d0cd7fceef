"""A page that listens: it sees firing and fill in order, and after a cut it misses nothing."""

from __future__ import annotations

import json
from typing import Any

import httpx2 as httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.journeys.market import Listing
from tests.journeys.people import Person, until_done
from tests.journeys.stack import Stack

pytestmark = pytest.mark.journey


class Listener:
    """An open socket; `heard` are the numbered events, in the order they came."""

    def __init__(self, stack: Stack, api: httpx.Client, path: str) -> None:
        self.socket: ClientConnection = connect(f"{stack.url.replace('http', 'ws')}/ws/{path}", open_timeout=60)
        self.socket.send(json.dumps({"ticket": api.post("auth/ticket/").json()["ticket"]}))
        self.hello = self.next()
        assert self.hello["kind"] == "hello", self.hello
        self.heard: list[dict[str, Any]] = []

    def next(self) -> dict[str, Any]:
        return dict(json.loads(self.socket.recv(timeout=60)))

    def until(self, topic: str, kind: str) -> None:
        """Listen until such an event comes."""
        while True:
            message = self.next()
            if message["topic"] in ("socket", "quotes"):
                continue
            self.heard.append(message)
            if (message["topic"], message["kind"]) == (topic, kind):
                return

    @property
    def numbers(self) -> list[int]:
        return [event["seq"] for event in self.heard]

    def kinds(self, topic: str) -> list[str]:
        return [event["kind"] for event in self.heard if event["topic"] == topic]


def test_firing_and_fill_are_pushed_in_order_and_a_cut_loses_nothing(stack: Stack, ann: Person, listing: Listing):
    first = ann.rule(listing, "price_below", {"threshold": "95"})
    other = Listing()
    second = ann.rule(other, "price_below", {"threshold": "95"})
    with ann.api(stack.url) as api:
        live, alerts = Listener(stack, api, "live"), Listener(stack, api, "alerts")
        listing.trade("94")
        until_done(first, 1, listing)
        live.until("executions", "succeeded")
        alerts.until("alerts", "fill")
        start = live.hello["payload"]["last_seq"]
        assert live.numbers == list(range(start + 1, start + 1 + len(live.numbers)))  # no gap, no repeat
        assert live.kinds("executions")[0] == "fired"
        assert alerts.kinds("alerts") == ["firing", "fill"]
        assert alerts.numbers == sorted(alerts.numbers)

        live.socket.close()
        other.trade("94")
        until_done(second, 1, other)
        back = Listener(stack, api, "live")
        missed = api.get("events/", params={"after": live.numbers[-1]}).json()
        numbers = [event["seq"] for event in missed["results"]]
        assert numbers == list(range(live.numbers[-1] + 1, missed["last_seq"] + 1))
        assert back.hello["payload"]["last_seq"] <= missed["last_seq"]
        kinds = [event["kind"] for event in missed["results"] if event["topic"] == "executions"]
        assert (kinds[0], kinds[-1]) == ("fired", "succeeded")
        back.socket.close()
        alerts.socket.close()


def test_a_page_sees_the_price_move(stack: Stack, ann: Person, listing: Listing):
    with ann.api(stack.url) as api:
        page = Listener(stack, api, "live")
        page.socket.send(json.dumps({"subscribe": [listing.symbol]}))
        seen: list[str] = []
        listing.trade("101.25")
        while "101.25" not in seen:
            message = page.next()
            if message["kind"] == "quotes":
                seen.append(message["payload"]["quotes"][listing.symbol]["last"])
        page.socket.close()


def test_a_socket_without_a_valid_ticket_hears_nothing(stack: Stack, ann: Person):
    with ann.api(stack.url) as api:
        spent = api.post("auth/ticket/").json()["ticket"]
        for ticket, welcome in ((spent, True), (spent, False), ("made up", False)):
            with connect(f"{stack.url.replace('http', 'ws')}/ws/live", open_timeout=60) as socket:
                socket.send(json.dumps({"ticket": ticket}))
                if welcome:
                    assert json.loads(socket.recv(timeout=60))["kind"] == "hello"
                else:
                    assert list(socket) == []  # closed without a word
