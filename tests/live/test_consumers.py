"""The sockets over a real channel layer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client

from accounts.models import User
from accounts.tickets import create_ticket
from accounts.tokens import create_token, revoke_token
from common.clock import now
from live import consumers, limits, push, sources
from live.consumers import UserSocket
from live.models import Event
from live.quotes import LiveSocket
from live.routing import sockets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOST = (b"host", b"localhost:8000")
OWN = (b"origin", b"http://localhost:8000")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserSocket, "heartbeat_seconds", 30)
    monkeypatch.setattr(consumers, "open_sockets", limits.OpenSockets())


def cookie_of(user: User) -> bytes:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return f"sessionid={client.cookies['sessionid'].value}".encode()


def socket(path: str, *headers: tuple[bytes, bytes]) -> WebsocketCommunicator:
    return WebsocketCommunicator(sockets, path, headers=[HOST, *headers])


async def signed_in(user: User, path: str = "/ws/live") -> WebsocketCommunicator:
    opened = socket(path, OWN, (b"cookie", await sync_to_async(cookie_of)(user)))
    assert (await opened.connect())[0]
    hello = await opened.receive_json_from()
    assert (hello["topic"], hello["kind"]) == ("socket", "hello")
    return opened


async def say(user: User, kind: str = "filled", topic: str = "orders") -> None:
    def write() -> None:
        push.announce(user_id=user.pk, topic=topic, kind=kind, payload={"n": 1}, now=AT)

    await sync_to_async(write)()


async def close_code(opened: WebsocketCommunicator) -> int:
    while True:
        message = await opened.receive_output(timeout=3)
        if message["type"] == "websocket.close":
            return message["code"]


async def test_a_session_gets_hello_and_then_events_in_order(ann: User) -> None:
    await say(ann)
    opened = await signed_in(ann)
    for kind in ("a", "b", "c"):
        await say(ann, kind)
    told = [await opened.receive_json_from() for _ in range(3)]
    assert [(m["seq"], m["topic"], m["kind"]) for m in told] == [
        (2, "orders", "a"),
        (3, "orders", "b"),
        (4, "orders", "c"),
    ]
    assert told[0]["payload"] == {"n": 1}
    assert told[0]["at"] == "2026-11-20T15:00:00Z"
    await opened.disconnect()


async def test_events_of_another_user_never_arrive(ann: User, bob: User) -> None:
    opened = await signed_in(ann)
    await say(bob)
    assert await opened.receive_nothing(0.3)
    await opened.disconnect()


async def test_a_socket_tells_its_topics_only(ann: User) -> None:
    opened = await signed_in(ann, "/ws/alerts")
    await say(ann, topic="orders")
    await say(ann, topic="alerts", kind="alert")
    assert (await opened.receive_json_from())["seq"] == 2
    await opened.disconnect()


async def test_another_origin_is_refused(ann: User) -> None:
    cookie = (b"cookie", await sync_to_async(cookie_of)(ann))
    for origin in (b"http://evil.example", b"http://localhost:3000", b"null"):
        assert not (await socket("/ws/live", (b"origin", origin), cookie).connect())[0]


async def test_without_origin_the_cookie_counts_for_nothing(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserSocket, "ticket_seconds", 0.1)
    opened = socket("/ws/live", (b"cookie", await sync_to_async(cookie_of)(ann)))
    assert (await opened.connect())[0]
    assert await close_code(opened) == limits.TIMED_OUT


async def test_a_ticket_opens_one_socket_once(ann: User) -> None:
    ticket, _ = await sync_to_async(create_ticket)(user=ann, token=None, now=now())
    opened = socket("/ws/live")
    await opened.connect()
    await opened.send_json_to({"ticket": ticket})
    assert (await opened.receive_json_from())["kind"] == "hello"
    await say(ann)
    assert (await opened.receive_json_from())["seq"] == 1
    second = socket("/ws/live")
    await second.connect()
    await second.send_json_to({"ticket": ticket})
    assert await close_code(second) == limits.NOT_SIGNED_IN
    await opened.disconnect()


async def test_a_stranger_is_shown_out() -> None:
    for message in ({"ticket": "wrong"}, {"ticket": 5}, {}, {"subscribe": ["AAPL"]}):
        opened = socket("/ws/live")
        await opened.connect()
        await opened.send_json_to(message)
        assert await close_code(opened) == limits.NOT_SIGNED_IN, message


async def test_what_the_channel_layer_lost_is_read_from_the_rows(ann: User) -> None:
    opened = await signed_in(ann)
    for kind in ("lost", "lost too"):
        await sync_to_async(Event.objects.create)(user=ann, topic="orders", kind=kind, created_at=AT)
    from live.numbering import number

    await sync_to_async(number)([ann.pk])  # numbered, and never sent
    await say(ann, "arrives")
    assert [(await opened.receive_json_from())["kind"] for _ in range(3)] == ["lost", "lost too", "arrives"]
    await opened.disconnect()


async def test_a_late_or_doubled_message_is_not_told_again(ann: User) -> None:
    from channels.layers import get_channel_layer

    from live.sending import group_of

    opened = await signed_in(ann)
    await say(ann)
    first = await opened.receive_json_from()
    await get_channel_layer().group_send(group_of(ann.pk), {"type": "user.events", "events": [first]})
    assert await opened.receive_nothing(0.3)
    await opened.disconnect()


async def test_heartbeats_carry_the_number_and_bring_leftovers(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserSocket, "heartbeat_seconds", 0.2)
    opened = await signed_in(ann)
    await sync_to_async(Event.objects.create)(user=ann, topic="orders", kind="left", created_at=AT)
    kinds = [await opened.receive_json_from() for _ in range(2)]
    while kinds[-1]["kind"] != "heartbeat" or kinds[-1]["payload"]["last_seq"] != 1:
        kinds.append(await opened.receive_json_from())
    assert [m["kind"] for m in kinds].count("left") == 1
    await opened.disconnect()


def sign_out(user: User) -> None:
    from django.contrib.sessions.models import Session

    Session.objects.all().delete()


def change_password(user: User) -> None:
    user.set_password("another long pass-phrase")
    user.save()


def close_account(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.parametrize("ending", [sign_out, change_password, close_account])
async def test_the_socket_ends_with_what_opened_it(
    ann: User, monkeypatch: pytest.MonkeyPatch, ending: Callable[[User], None]
) -> None:
    monkeypatch.setattr(UserSocket, "heartbeat_seconds", 0.1)
    monkeypatch.setattr(UserSocket, "recheck_seconds", 0.1)
    opened = await signed_in(ann)
    await sync_to_async(ending)(ann)
    assert await close_code(opened) == limits.NOT_SIGNED_IN


async def test_a_socket_opened_with_a_token_ends_with_it(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserSocket, "heartbeat_seconds", 0.1)
    monkeypatch.setattr(UserSocket, "recheck_seconds", 0.1)

    def get_ticket() -> tuple[Any, str]:
        token, _ = create_token(user=ann, name="bot", scopes=["read"], now=now())
        return token, create_ticket(user=ann, token=token, now=now())[0]

    token, ticket = await sync_to_async(get_ticket)()
    opened = socket("/ws/live")
    await opened.connect()
    await opened.send_json_to({"ticket": ticket})
    await opened.receive_json_from()
    await sync_to_async(revoke_token)(user=ann, token_id=token.pk, now=now())
    assert await close_code(opened) == limits.NOT_SIGNED_IN


async def test_a_large_message_closes_the_socket(ann: User) -> None:
    opened = await signed_in(ann)
    await opened.send_to(text_data=json.dumps({"subscribe": ["A" * 5000]}))
    assert await close_code(opened) == limits.TOO_LARGE


async def test_a_flood_closes_the_socket(ann: User) -> None:
    opened = await signed_in(ann)
    for _ in range(25):
        await opened.send_to(text_data="{}")
    assert await close_code(opened) == limits.TOO_MANY


async def test_the_eleventh_socket_of_a_user_is_refused_and_a_place_comes_back(ann: User, bob: User) -> None:
    opened = [await signed_in(ann) for _ in range(10)]
    eleventh = socket("/ws/live", OWN, (b"cookie", await sync_to_async(cookie_of)(ann)))
    await eleventh.connect()
    assert await close_code(eleventh) == limits.TOO_MANY
    await (await signed_in(bob)).disconnect()
    await opened.pop().disconnect()
    await (await signed_in(ann)).disconnect()
    for one in opened:
        await one.disconnect()


async def test_nothing_can_be_done_through_a_socket(ann: User) -> None:
    opened = await signed_in(ann)
    await opened.send_json_to({"kill": True})
    assert (await opened.receive_json_from())["kind"] == "error"
    await opened.disconnect()


async def test_quotes_of_shown_symbols_come_when_they_change(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LiveSocket, "quote_seconds", 0.05)
    monkeypatch.setattr("live.board.READ_EVERY_SECONDS", 0.05)
    prices = {"AAPL": "200", "MSFT": "400"}
    asked: list[list[str]] = []

    def read(symbols: Any) -> dict[str, dict[str, Any]]:
        asked.append(list(symbols))
        return {symbol: {"last": prices[symbol]} for symbol in symbols}

    monkeypatch.setattr(sources, "_read", [read])
    opened = await signed_in(ann)
    await opened.send_json_to({"subscribe": ["AAPL"]})
    first = await opened.receive_json_from()
    assert (first["topic"], first["seq"]) == ("quotes", None)
    assert first["payload"] == {"quotes": {"AAPL": {"last": "200"}}}
    assert await opened.receive_nothing(0.2)
    prices["AAPL"] = "201"
    assert (await opened.receive_json_from())["payload"]["quotes"]["AAPL"]["last"] == "201"
    assert await sync_to_async(sources.shown_symbols)(now()) == {"AAPL"}
    assert ["AAPL"] in asked
    assert not any("MSFT" in symbols for symbols in asked)
    await opened.disconnect()


async def test_a_strange_subscription_is_refused_in_words(ann: User) -> None:
    opened = await signed_in(ann)
    for wanted in ("AAPL", 5, {"AAPL": 1}, ["aapl"], ["A" * 21], [5], ["A'; DROP"], ["A"] * 201):
        await opened.send_json_to({"subscribe": wanted})
        assert (await opened.receive_json_from())["kind"] == "error", wanted
    await opened.disconnect()


async def test_closing_stops_the_tasks_of_a_socket(ann: User) -> None:
    before = len(asyncio.all_tasks())
    opened = await signed_in(ann)
    await opened.disconnect()
    await asyncio.sleep(0.2)
    assert len(asyncio.all_tasks()) <= before + 1  # the channel layer's own receiver
