"""Let the embedded broker trade on new quotes, and book what it traded in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from brokers.adapters.paper import matching
from brokers.adapters.paper.matching import Ranges
from brokers.registry import broker_for
from orders import fills
from orders.placing import lock_portfolio


def match_paper(*, now: datetime, symbols: Iterable[str] | None = None, ranges: Ranges | None = None) -> int:
    """Match the open paper orders that `symbols` (None: any) can fill now; returns how many of our orders changed.

    One transaction per account. An account whose orders no quote reaches costs nothing.
    """
    changed = 0
    for account in matching.accounts_with_crossed_orders(symbols=symbols, now=now, ranges=ranges):
        with transaction.atomic():
            portfolio, fresh = lock_portfolio(account.portfolio_id)
            if matching.match_symbols(symbols, now=now, ranges=ranges, account=fresh):
                broker = broker_for(fresh, clock=lambda: now)
                changed += fills.catch_up(portfolio=portfolio, account=fresh, broker=broker, now=now)
    return changed
