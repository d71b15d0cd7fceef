"""Every transport, by kind of channel."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.channels.transports.base import Transport
from alerts.channels.transports.email import EMAIL
from alerts.channels.transports.library import LIBRARY
from alerts.channels.transports.ntfy import NTFY
from alerts.channels.transports.webhook import WEBHOOK


def registered(transports: Iterable[Transport]) -> dict[str, Transport]:
    """By kind. Raises ValueError when two have the same."""
    found: dict[str, Transport] = {}
    for transport in transports:
        if transport.kind in found:
            raise ValueError(f"two transports of kind {transport.kind!r}")
        found[transport.kind] = transport
    return found


TRANSPORTS = registered((EMAIL, WEBHOOK, NTFY, LIBRARY))
