"""ASGI: Django for HTTP, Channels for the sockets, MCP at /mcp."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "puffling_site.settings")

from django.core.asgi import get_asgi_application

django = get_asgi_application()  # loads the apps: the imports below need them

from channels.routing import ProtocolTypeRouter  # noqa: E402

from agent.mcp.http import application as mcp  # noqa: E402
from live.routing import sockets  # noqa: E402
from puffling_site.guards import BodyLimit  # noqa: E402


async def http(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Django, but for the one address that speaks MCP."""
    served = mcp if scope["path"].rstrip("/") == "/mcp" else django
    await served(scope, receive, send)


application = ProtocolTypeRouter({"http": BodyLimit(http), "websocket": sockets})
