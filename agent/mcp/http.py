"""`/mcp`: MCP over streamable HTTP, without sessions, for personal tokens.

Each request is served by a server of its own: nothing is kept between requests, so any web process can take any of
them, and a revoked token ends with the next one. The library is imported with the first request: 57 MB and a second
that a web process without MCP clients does not pay.
"""

from __future__ import annotations

import asyncio
import importlib
import json
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed

from accounts.authentication import holder_of
from agent.mcp.calling import Caller
from common.api import PROBLEM_JSON, problem_body
from common.clock import now
from common.throttling import UserRate

LARGEST = 262_144  # bytes of a request
SCHEMES = ("bearer", "token")


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI: one request."""
    headers = dict(scope.get("headers", []))
    status, caller = await database_sync_to_async(_caller)(headers.get(b"authorization", b"").decode("latin-1"))
    if caller is None:
        await _refuse(send, status)
        return
    server = await asyncio.to_thread(importlib.import_module, "agent.mcp.server")
    manager_module = await asyncio.to_thread(importlib.import_module, "mcp.server.streamable_http_manager")
    manager = manager_module.StreamableHTTPSessionManager(
        app=server.server_for(caller),
        json_response=True,
        stateless=True,
        max_request_body_size=LARGEST,
        security_settings=_security(),
    )
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def _caller(authorization: str) -> tuple[int, Caller | None]:
    """(the status of a refusal, the caller)."""
    words = authorization.split()
    if len(words) != 2 or words[0].lower() not in SCHEMES:
        return 401, None
    try:
        token = holder_of(words[1], now=now())
    except AuthenticationFailed:
        return 401, None
    caller = Caller.of(token)
    if caller is None:
        return 403, None
    request: Any = SimpleNamespace(user=token.user)  # shares the count of the API's requests
    return (200, caller) if UserRate().allow_request(request, None) else (429, None)


def _security() -> Any:
    """The hosts and origins of the site: a page elsewhere must not reach a server on this machine by its name."""
    module = importlib.import_module("mcp.server.transport_security")
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS]
    return module.TransportSecuritySettings(
        enable_dns_rebinding_protection="*" not in hosts,
        allowed_hosts=[*hosts, *(f"{host}:*" for host in hosts)],
        allowed_origins=list(settings.CSRF_TRUSTED_ORIGINS),
    )


async def _refuse(send: Any, status: int) -> None:
    code, text = {
        401: ("token_invalid", "Send a personal token: Authorization: Bearer pfl_…"),
        403: ("scope_missing", "This token needs the scope read (to look) or trade (to propose)."),
        429: ("throttled", "Too many requests: wait a little."),
    }[status]
    body = json.dumps(problem_body(status, code, text)).encode()
    headers = [(b"content-type", PROBLEM_JSON.encode()), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="mcp"'))
    if status == 429:
        headers.append((b"retry-after", b"30"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
