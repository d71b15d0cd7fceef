"""Who is behind a socket, and whether they still may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from accounts.models import ApiToken, User
from accounts.tickets import use_ticket


class Identity(Protocol):
    """How a socket's user was established. Asked again every minute."""

    user_id: int

    def holds(self, now: datetime) -> bool:
        """Whether the user is active and the session, password or token behind the socket is still good."""


@dataclass(frozen=True, kw_only=True)
class SessionIdentity:
    """The site's session: ends with sign-out, session expiry, a password change, a closed account."""

    user_id: int
    session_key: str

    def holds(self, now: datetime) -> bool:
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        session = import_module(settings.SESSION_ENGINE).SessionStore(self.session_key)
        return (
            user is not None
            and session.get(SESSION_KEY) == str(user.pk)
            and constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
        )


@dataclass(frozen=True, kw_only=True)
class TicketIdentity:
    """A spent ticket: ends with a password change, a closed account, and the personal token it was got with."""

    user_id: int
    password_hash: str
    token_id: Any

    def holds(self, now: datetime) -> bool:
        user = User.objects.filter(pk=self.user_id, is_active=True).first()
        if user is None or not constant_time_compare(self.password_hash, user.get_session_auth_hash()):
            return False
        return self.token_id is None or _usable(now).filter(pk=self.token_id).exists()


def _usable(now: datetime) -> Any:
    return ApiToken.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True)


def by_session(user: Any, session: Any) -> SessionIdentity | None:
    """The identity of a socket opened with a session cookie; None for a stranger."""
    if not isinstance(user, User) or not user.is_active or not session.session_key:
        return None
    return SessionIdentity(user_id=user.pk, session_key=session.session_key)


def by_ticket(secret: str, *, now: datetime) -> TicketIdentity | None:
    """Spend a ticket. None if it is not good."""
    ticket = use_ticket(secret, now=now)
    if ticket is None:
        return None
    found = TicketIdentity(
        user_id=ticket.user_id, password_hash=ticket.user.get_session_auth_hash(), token_id=ticket.token_id
    )
    return found if found.holds(now) else None
