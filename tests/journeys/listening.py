"""A page that listens to a socket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, Self

import httpx2 as httpx
from websockets.sync.client import connect

from tests.journeys.stack import Stack


class Listener:
    """An open socket of a page, to be used in a with statement. `heard` are the numbered events as they came."""

    def __init__(self, stack: Stack, api: httpx.Client, path: str) -> None:
        self.opening = connect(f"{stack.url.replace('http', 'ws')}/ws/{path}", open_timeout=60)
        self.api = api
        self.heard: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self.socket = self.opening.__enter__()
        self.socket.send(json.dumps({"ticket": self.api.post("auth/ticket/").json()["ticket"]}))
        self.hello = self.next()
        assert self.hello["kind"] == "hello", self.hello
        return self

    def __exit__(self, *reason: Any) -> None:
        self.opening.__exit__(*reason)

    def next(self) -> dict[str, Any]:
        return dict(json.loads(self.socket.recv(timeout=60)))

    def until(self, found: Callable[[dict[str, Any]], bool]) -> None:
        """Listen until such an event comes, one minute at most."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            message = self.next()
            if message["topic"] in ("socket", "quotes"):
                continue
            self.heard.append(message)
            if found(message):
                return
        raise AssertionError(f"not heard within a minute, but {self.heard}")

    @property
    def numbers(self) -> list[int]:
        return [event["seq"] for event in self.heard]

    def kinds(self, topic: str) -> list[str]:
        return [event["kind"] for event in self.heard if event["topic"] == topic]
