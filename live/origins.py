"""Which pages may open a socket with the site's session cookie: our own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class OwnOriginOrTicket:
    """Refuse pages of other origins. A client without Origin is no browser: its cookies are ignored, so only a
    ticket can tell who it is.

    The origin must be the address the request was made to, port included: any other program on localhost may serve a
    page too, and the browser sends it our cookies. Behind a proxy that rewrites Host, name the site in
    PUFFLING_TRUSTED_ORIGINS.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
        origin = headers.get(b"origin")
        if origin is None:
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() != b"cookie"]}
            await self.application(scope, receive, send)
        elif is_own(origin, headers.get(b"host", "")):
            await self.application(scope, receive, send)
        else:
            await WebsocketDenier()(scope, receive, send)


def is_own(origin: str, host: str) -> bool:
    """Whether `origin` (scheme://host:port) is this site, reached as `host`."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    scheme, separator, netloc = origin.partition("://")
    domain, _port = split_domain_port(host)
    return (
        bool(separator)
        and scheme in ("http", "https")
        and netloc.lower() == host.lower()
        and validate_host(domain, settings.ALLOWED_HOSTS)
    )
