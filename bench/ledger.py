"""How many fills a second the books take, in chunks of 100 per portfolio."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bench import loading
from portfolios.auditing import audit
from portfolios.ledger import book_fills
from portfolios.models import Portfolio
from portfolios.types import FillBooking

CHUNK = 100


def fills(names: list[str], turn: int, side: str) -> list[FillBooking]:
    """One fill in each symbol."""
    now = datetime.now(UTC)
    return [
        FillBooking(
            source_id=f"{side}-{turn}-{name}",
            symbol=name,
            side=side,
            quantity=Decimal(10),
            price=Decimal("100.01"),
            fee=Decimal("0.35"),
            at=now,
        )
        for name in names
    ]


def run(*, quick: bool) -> list[dict[str, Any]]:
    names = loading.load_market(CHUNK)
    portfolios = loading.open_accounts(2 if quick else 20)
    rows = []
    for side in ("buy", "sell"):
        booked, began = 0, time.perf_counter()
        for turn in range(2):
            for portfolio in portfolios:
                booked += len(book_fills(portfolio=portfolio, fills=fills(names, turn, side), now=datetime.now(UTC)))
        seconds = time.perf_counter() - began
        rows.append(
            {"side": side, "fills": booked, "seconds": round(seconds, 2), "fills per s": round(booked / seconds)}
        )
    wrong = sum(1 for portfolio in portfolios if audit(Portfolio.objects.get(id=portfolio.id)))
    if wrong:
        raise RuntimeError(f"the books of {wrong} portfolios do not agree")
    return rows
