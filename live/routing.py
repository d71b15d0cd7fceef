"""Socket paths, and who gets through to them."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path

from live.consumers import AgentSocket, AlertsSocket
from live.origins import OwnOriginOrTicket
from live.quotes import LiveSocket

websocket_urlpatterns: list[Any] = [
    path("ws/alerts", AlertsSocket.as_asgi()),
    path("ws/agent", AgentSocket.as_asgi()),
    path("ws/live", LiveSocket.as_asgi()),
]

sockets = OwnOriginOrTicket(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))
