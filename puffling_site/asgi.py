"""ASGI: Django for HTTP, Channels for the sockets."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "puffling_site.settings")

from django.core.asgi import get_asgi_application

django = get_asgi_application()  # loads the apps: the imports below need them

from channels.routing import ProtocolTypeRouter  # noqa: E402

from live.routing import sockets  # noqa: E402
from puffling_site.guards import BodyLimit  # noqa: E402

application = ProtocolTypeRouter({"http": BodyLimit(django), "websocket": sockets})
