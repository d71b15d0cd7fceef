"""Dollars a person pays in or takes out by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from common.errors import InvalidInput
from portfolios.importing.checking import allowed
from portfolios.ledger import deposit, withdraw
from portfolios.models import LedgerEntry, Portfolio

NOTE_LENGTH = 200


def transfer(
    *, portfolio: Portfolio, kind: str, amount: Decimal, now: datetime, source_id: str | None = None, note: str = ""
) -> LedgerEntry:
    """Book a deposit or a withdrawal; one of a known `source_id` is booked once.

    Raises InvalidInput naming the field; Conflict if there is less cash, or if a broker outside keeps the portfolio:
    then only its word counts.
    """
    allowed(portfolio)
    if kind not in (LedgerEntry.Kind.DEPOSIT, LedgerEntry.Kind.WITHDRAWAL):
        raise InvalidInput({"kind": f"{kind!r} is neither deposit nor withdrawal: choose one of them."})
    if len(note) > NOTE_LENGTH:
        raise InvalidInput({"note": f"has {len(note)} characters: at most {NOTE_LENGTH}."})
    book = deposit if kind == LedgerEntry.Kind.DEPOSIT else withdraw
    return book(portfolio=portfolio, amount=amount, now=now, source_id=source_id, note=note)
