"""Let the embedded broker trade on new quotes, and book what it traded in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from brokers.adapters.paper import matching
from brokers.registry import broker_for
from markets.observables import USABLE_FOR
from orders import fills
from orders.models import Order
from orders.placing import lock_portfolio
from orders.states import IN_FLIGHT


def match_paper(*, now: datetime, symbols: Iterable[str] | None = None) -> int:
    """Match the open paper orders that `symbols` (None: any) can fill now; returns how many of our orders changed.

    One transaction per account. An account whose orders no quote reaches costs nothing.
    """
    changed = 0
    for account in matching.accounts_with_crossed_orders(symbols=symbols, now=now):
        with transaction.atomic():
            portfolio, fresh = lock_portfolio(account.portfolio_id)
            if matching.match_symbols(symbols, now=now, account=fresh):
                broker = broker_for(fresh, clock=lambda: now)
                changed += fills.catch_up(portfolio=portfolio, account=fresh, broker=broker, now=now)
    return changed


def keep_ranges(*, now: datetime) -> set[str]:
    """Before quotes are claimed for evaluation: keep their ranges for the open paper orders. Returns those symbols."""
    return matching.keep_ranges(oldest=now - USABLE_FOR)


def symbols_in_flight() -> set[str]:
    """Symbols with orders that wait for a price: the feed should bring it. For `markets.subscriptions`."""
    return set(Order.objects.filter(state__in=IN_FLIGHT).values_list("instrument_id", flat=True).distinct())
