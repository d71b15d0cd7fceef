"""Symbols a user wants to see live."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from common.errors import Conflict, NotFound
from markets.instruments import by_symbol
from markets.models import WatchlistItem

MOST = 200  # symbols per user: every one of them is subscribed to for everybody


@transaction.atomic
def add(*, user: User, symbol: str) -> WatchlistItem:
    """Put a symbol on the user's watchlist; adding it again changes nothing.

    Raises NotFound for an unknown symbol, Conflict when the list is full.
    """
    instrument = by_symbol(symbol)
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)  # so that two requests cannot pass the limit
    item = WatchlistItem.objects.filter(user=user, instrument=instrument).select_related("instrument").first()
    if item:
        return item
    if WatchlistItem.objects.filter(user=user).count() >= MOST:
        raise Conflict(f"Your watchlist already has {MOST} symbols: remove one before adding {instrument.symbol}.")
    return WatchlistItem.objects.create(user=user, instrument=instrument)


def remove(*, user: User, symbol: str) -> None:
    """Take a symbol off the user's watchlist. Raises NotFound when it is not on it."""
    deleted, _ = WatchlistItem.objects.filter(user=user, instrument_id=symbol.strip().upper()).delete()
    if not deleted:
        raise NotFound(f"{symbol!r} is not on your watchlist.")


def of(user: User) -> QuerySet[WatchlistItem]:
    """The user's watchlist, in the order it was made."""
    return WatchlistItem.objects.filter(user=user).select_related("instrument").order_by("created_at", "pk")


def watched() -> set[str]:
    """Every symbol on anybody's watchlist: a subscription provider."""
    return set(WatchlistItem.objects.values_list("instrument_id", flat=True).distinct())
