"""Secrets that work once: what login links and socket tickets share."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from accounts.models import LoginLink, SocketTicket, User
from accounts.secrets import hashed

Row = TypeVar("Row", LoginLink, SocketTicket)


def spend(model: type[Row], secret: str, *, now: datetime) -> Row | None:
    """Use up a secret. None if it is unknown, expired, spent, or its owner may no longer sign in.

    Of two attempts at once the conditional UPDATE lets one through: its conditions are on the row itself. A join
    (`user__is_active`) would put them into a subquery, which PostgreSQL does not ask again after waiting for the row.
    """
    spendable = model._default_manager.filter(
        secret_hash=hashed(secret),
        used_at__isnull=True,
        expires_at__gt=now,
        user__in=User.objects.filter(is_active=True),
    )
    if not spendable.update(used_at=now):
        return None
    return model._default_manager.select_related("user").get(secret_hash=hashed(secret))


def forget_spent(*, before: datetime) -> int:
    """Delete links and tickets that expired before `before`. Returns how many."""
    links, _ = LoginLink.objects.filter(expires_at__lt=before).delete()
    tickets, _ = SocketTicket.objects.filter(expires_at__lt=before).delete()
    return links + tickets
