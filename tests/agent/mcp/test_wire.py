"""With the official client library, over the wire: HTTP against the site's ASGI application, and standard input."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import uvicorn
from django.db import connection
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from accounts.models import User
from accounts.tokens import create_token, revoke_token
from common.clock import now
from puffling_site.asgi import application
from tests.orders.making import open_desk, open_market, quote

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def ada() -> User:
    at = now()
    open_market(day=at.date())
    quote("AAPL", "100", at=at)
    return open_desk("ada", now=at).user


@pytest.fixture
def url() -> Iterator[str]:
    """The site under uvicorn, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="error", lifespan="off", loop="asyncio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}/mcp"
    server.should_exit = True
    thread.join()


def secret_of(user: User, *scopes: str, name: str = "mcp") -> str:
    return create_token(user=user, name=name, scopes=scopes, now=now())[1]


async def _use(session: ClientSession, calls: list[tuple[str, dict[str, Any]]]) -> tuple[list[str], list[Any]]:
    await session.initialize()
    listed = await session.list_tools()
    answers = [await session.call_tool(name, arguments) for name, arguments in calls]
    return [tool.name for tool in listed.tools], answers


def over_http(url: str, secret: str, *calls: tuple[str, dict[str, Any]]) -> tuple[list[str], list[Any]]:
    async def talk() -> tuple[list[str], list[Any]]:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {secret}"}) as http,
            streamable_http_client(url, http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            return await _use(session, list(calls))

    return anyio.run(talk)


def post(url: str, **headers: str) -> int:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    return httpx2.post(url, json=body, headers={**accept, **headers}).status_code


def test_list_and_call_over_http(url: str, ada: User) -> None:
    tools, answers = over_http(
        url, secret_of(ada, "read"), ("get_quotes", {"symbols": ["AAPL"]}), ("get_quotes", {"symbols": 5}), ("x", {})
    )
    assert "get_quotes" in tools
    assert json.loads(answers[0].content[0].text)["quotes"]["AAPL"]["last"] == "100"
    assert [answer.is_error for answer in answers] == [False, True, True]


def test_who_may_not(url: str, ada: User) -> None:
    secret = secret_of(ada, "read", name="read")
    good = {"Authorization": f"Bearer {secret}"}
    assert post(url) == post(url, Authorization="Bearer pfl_wrong") == post(url, Authorization=f"Basic {secret}") == 401
    assert post(url, Authorization=f"Bearer {secret_of(ada, 'admin')}") == 403
    assert post(url, **good) == post(url, Authorization=f"Token {secret}") == 200
    assert post(url, **good, Origin="https://evil.example") == 403
    assert post(url, **good, Host="evil.example") == 421
    token = ada.api_tokens.get(name="read")
    revoke_token(user=ada, token_id=token.pk, now=now())
    assert post(url, **good) == 401


def test_over_standard_input(ada: User) -> None:
    database = connection.settings_dict
    environment = {
        **os.environ,
        "PUFFLING_TOKEN": secret_of(ada, "read"),
        "DATABASE_URL": f"postgresql://{database['USER']}:{database['PASSWORD']}@{database['HOST'] or '127.0.0.1'}"
        f":{database['PORT']}/{database['NAME']}",
    }
    parameters = StdioServerParameters(
        command=sys.executable, args=[str(ROOT / "manage.py"), "mcp"], env=environment, cwd=ROOT
    )

    async def talk() -> tuple[list[str], list[Any]]:
        async with stdio_client(parameters) as (incoming, outgoing), ClientSession(incoming, outgoing) as session:
            return await _use(session, [("get_quotes", {"symbols": ["AAPL"]})])

    tools, answers = anyio.run(talk)
    assert "get_quotes" in tools
    assert json.loads(answers[0].content[0].text)["quotes"]["AAPL"]["last"] == "100"
