"""What is refused before Django works on it: bodies that are too large, paths and queries PostgreSQL cannot store."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from common.api import PROBLEM_JSON, plain_problem, problem_body

TOO_LARGE = "The request body is larger than 1 MB: send less, or split it."
Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class BodyLimit:
    """ASGI: answer 413 before Django has taken a body in. Django itself spools the whole of it to disk first."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        announced = dict(scope.get("headers", [])).get(b"content-length", b"0")
        if scope["type"] != "http" or (announced.isdigit() and int(announced) <= limit):
            await self.application(scope, _counted(receive, limit), send)
            return
        body = json.dumps(problem_body(413, "body_too_large", TOO_LARGE)).encode()
        headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
        await send({"type": "http.response.body", "body": body})


def _counted(receive: Any, limit: int) -> Any:
    """`receive` that hangs up on a body that announced no length and turns out too large."""
    seen = 0

    async def counted() -> dict[str, Any]:
        nonlocal seen
        message: dict[str, Any] = await receive()
        seen += len(message.get("body", b""))
        return {"type": "http.disconnect"} if seen > limit else message

    return counted


class StorableText:
    """Middleware: a NUL character in the path or query is 400. Every room would hand it to PostgreSQL and fail."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return plain_problem(400, "bad_character", "The address holds a NUL character: remove it.")
        return self.get_response(request)
