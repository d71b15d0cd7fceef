"""Single-use tickets with which API clients, who have no session cookie, open a WebSocket."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import ApiToken, SocketTicket, User
from accounts.secrets import hashed, new_secret
from accounts.single_use import spend

LIFETIME = timedelta(seconds=30)


def create_ticket(*, user: User, token: ApiToken | None, now: datetime) -> tuple[str, datetime]:
    """A ticket for one socket: (secret, expires at). `token` is the personal token it was asked for with, if any."""
    secret, expires_at = new_secret(), now + LIFETIME
    SocketTicket.objects.create(user=user, token=token, secret_hash=hashed(secret), expires_at=expires_at)
    return secret, expires_at


def use_ticket(secret: str, *, now: datetime) -> SocketTicket | None:
    """Spend a ticket. None if it is unknown, expired, spent, or its owner may no longer sign in."""
    return spend(SocketTicket, secret, now=now)
