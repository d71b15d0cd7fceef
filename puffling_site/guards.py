"""What is refused before Django works on it: bodies that are too large, paths and queries PostgreSQL cannot store."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.api import PROBLEM_JSON, plain_problem, problem_body

TOO_LARGE = "The request body is larger than 1 MB: send less, or split it."
DROPPED_AT_MOST = 32 * 1_048_576
Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class BodyLimit:
    """ASGI: answer 413 to a body that is too large. Django itself would first spool the whole of it to disk.

    The rest of a moderately too large body is read and dropped: most clients look for the answer only after they
    have sent everything, and would see nothing but a broken connection.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        headers = dict(scope.get("headers", []))
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > limit:
            if b"expect" not in headers and int(announced) <= DROPPED_AT_MOST:
                await _drop(receive)
            await _refuse(send)
            return
        body, complete = await _take(receive, limit)
        if complete:
            if body and not announced:  # DRF takes a body without announced length for none
                scope = {**scope, "headers": [*scope["headers"], (b"content-length", str(len(body)).encode())]}
            await self.application(scope, _again(body, receive), send)
        else:
            await _drop(receive)
            await _refuse(send)


async def _take(receive: Any, limit: int) -> tuple[bytes, bool]:
    """The body, and whether it ended within the limit."""
    parts, size, more = [], 0, True
    while more and size <= limit:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
    return b"".join(parts), not more and size <= limit


async def _drop(receive: Any) -> None:
    size, more = 0, True
    while more and size <= DROPPED_AT_MOST:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)


async def _refuse(send: Any) -> None:
    body = json.dumps(problem_body(413, "body_too_large", TOO_LARGE)).encode()
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


def _again(body: bytes, receive: Any) -> Any:
    """`receive` that first hands out the body that was taken."""
    taken: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> dict[str, Any]:
        return taken.pop() if taken else await receive()

    return receive_again


class StorableText:
    """Middleware: a NUL character in the path or query is 400. Every room would hand it to PostgreSQL and fail."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return plain_problem(400, "bad_character", "The address holds a NUL character: remove it.")
        return self.get_response(request)
