"""From a user to where their news comes from."""

from __future__ import annotations

from django.conf import settings

from accounts import credentials
from accounts.models import Credential
from markets.news.alpaca import AlpacaNews
from markets.news.types import NewsSource

KINDS = (Credential.Kind.ALPACA_KEY, Credential.Kind.ALPACA_SECRET)


def has_source(*, user_id: int) -> bool:
    """Whether the user has a source of news."""
    return all(credentials.has(user_id=user_id, kind=kind) for kind in KINDS)


def open_source(*, user_id: int) -> NewsSource | None:
    """The source with the user's own keys; None without both of them. Raises Unreadable."""
    if not has_source(user_id=user_id):
        return None
    key, secret = (credentials.reveal(user_id=user_id, kind=kind) for kind in KINDS)
    return AlpacaNews(key=key, secret=secret, base_url=settings.CONFIG.alpaca_data_url or None)
