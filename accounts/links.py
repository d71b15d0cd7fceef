"""One-time login links, as printed by `make run` and `manage.py login_link`."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import LoginLink, User
from accounts.secrets import hashed, new_secret
from accounts.single_use import spend

LIFETIME = timedelta(minutes=10)


def create_link(*, user: User, now: datetime, lifetime: timedelta = LIFETIME) -> tuple[str, datetime]:
    """A link for one sign-in: (path, expires at). Put the site's address before the path."""
    secret, expires_at = new_secret(), now + lifetime
    LoginLink.objects.create(user=user, secret_hash=hashed(secret), expires_at=expires_at)
    return f"/login/link/{secret}/", expires_at


def use_link(secret: str, *, now: datetime) -> User | None:
    """Spend a login link and return whom it signs in. None if it is unknown, expired or spent."""
    link = spend(LoginLink, secret, now=now)
    return link.user if link else None
