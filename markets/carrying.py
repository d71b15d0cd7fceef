"""Executions of the past in today's shares, for whoever adds them up: orders keep the numbers of their day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from common.money import nano
from markets.corporate_actions import splits_of
from markets.models import CorporateAction


def splits_by_symbol(symbols: Iterable[str]) -> Mapping[str, Sequence[CorporateAction]]:
    """The applied splits of each symbol, oldest first. One query."""
    found: dict[str, list[CorporateAction]] = {symbol: [] for symbol in symbols}
    for row in splits_of(list(found)):
        found[row.instrument_id].append(row)
    return found


def carried(
    quantity: Decimal, price: Decimal, at: datetime, splits: Sequence[CorporateAction]
) -> tuple[Decimal, Decimal]:
    """Shares and dollars per share of `at`, carried over the splits since: what they come to is the same."""
    for split in splits:
        if split.effective_at > at:
            new, old = split.new_shares or 1, split.old_shares or 1
            quantity, price = nano(quantity * new / old), nano(price * old / new)
    return quantity, price
