"""A page that listens: it sees firing and fill in order, and after a cut it misses nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.journeys.listening import Listener
from tests.journeys.market import Listing
from tests.journeys.people import Person, until_done
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey


def ended(message: dict[str, Any]) -> bool:
    return (message["topic"], message["kind"]) == ("executions", "succeeded")


def told_of_the_fill(message: dict[str, Any]) -> bool:
    return message["topic"] == "alerts" and message["payload"]["kind"] == "fill"


def test_firing_and_fill_are_pushed_in_order_and_a_cut_loses_nothing(stack: Stack, ann: Person, listing: Listing):
    first = ann.rule(listing, "price_below", {"threshold": "95"})
    other = Listing()
    second = ann.rule(other, "price_below", {"threshold": "95"})
    with ann.api(stack.url) as api:
        with Listener(stack, api, "live") as live, Listener(stack, api, "alerts") as alerts:
            listing.trade("94")
            until_done(first, 1, listing)
            live.until(ended)
            alerts.until(told_of_the_fill)
        start = live.hello["payload"]["last_seq"]
        assert live.numbers == list(range(start + 1, start + 1 + len(live.numbers)))  # no gap, no repeat
        assert live.kinds("executions")[0] == "fired"
        assert [event["payload"]["kind"] for event in alerts.heard] == ["firing", "fill"]
        assert alerts.numbers == sorted(alerts.numbers)

        other.trade("94")  # nobody listens
        until_done(second, 1, other)
        with Listener(stack, api, "live") as back:
            missed = api.get("events/", params={"after": live.numbers[-1]}).json()
        numbers = [event["seq"] for event in missed["results"]]
        assert numbers == list(range(live.numbers[-1] + 1, missed["last_seq"] + 1))
        assert live.numbers[-1] < back.hello["payload"]["last_seq"] <= missed["last_seq"]
        kinds = [event["kind"] for event in missed["results"] if event["topic"] == "executions"]
        assert (kinds[-2], kinds[-1]) == ("fired", "succeeded")


def test_a_page_sees_the_price_move(stack: Stack, ann: Person, listing: Listing):
    with ann.api(stack.url) as api, Listener(stack, api, "live") as page:
        page.socket.send(json.dumps({"subscribe": [listing.symbol]}))
        listing.trade("101.25")

        def seen() -> bool:
            message = page.next()
            return message["kind"] == "quotes" and message["payload"]["quotes"][listing.symbol]["last"] == "101.25"

        eventually(seen, "the page shows 101.25")


def test_a_socket_without_a_valid_ticket_hears_nothing(stack: Stack, ann: Person):
    with ann.api(stack.url) as api:
        spent = api.post("auth/ticket/").json()["ticket"]
    for ticket, welcome in ((spent, True), (spent, False), ("made up", False)):
        with connect(f"{stack.url.replace('http', 'ws')}/ws/live", open_timeout=60) as socket:
            socket.send(json.dumps({"ticket": ticket}))
            if welcome:
                assert json.loads(socket.recv(timeout=60))["kind"] == "hello"
            else:
                with pytest.raises(ConnectionClosed):  # without a word
                    socket.recv(timeout=60)
