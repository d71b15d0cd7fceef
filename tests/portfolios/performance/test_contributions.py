"""What each holding added, over a split and without a price."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portfolios.ledger import book_fills
from portfolios.models import LedgerEntry, Portfolio
from portfolios.performance.contributions import contributions_of
from tests.portfolios.conftest import NOW
from tests.portfolios.history import store_history
from tests.portfolios.performance.making import at
from tests.portfolios.test_ledger import fill

BASE_DAY = date(2026, 11, 13)
BASE = at(BASE_DAY, 23)


def contributions(portfolio: Portfolio) -> dict[str, tuple[float | None, str]]:
    """AAPL is worth $1,100 now."""
    found = contributions_of(
        portfolio.pk, base=BASE, base_day=BASE_DAY, until=NOW, values={"AAPL": 1100.0}, capital=1000.0
    )
    return {one.symbol: (one.gain, one.reason) for one in found}


def test_a_split_is_no_gain(portfolio: Portfolio) -> None:
    """10 shares, worth $50 each in today's terms at the base, became 20 worth $55 each."""
    book_fills(portfolio=portfolio, fills=[fill("1", at=at(BASE_DAY, 10))], now=at(BASE_DAY, 10))
    store_history("AAPL", [49.0, 50.0], last=BASE_DAY)
    LedgerEntry.objects.create(
        portfolio=portfolio,
        kind=LedgerEntry.Kind.SPLIT,
        at=BASE + timedelta(days=3),
        instrument_id="AAPL",
        quantity=10,
        amount=0,
        source_kind="split",
        source_id="1",
    )
    gain, reason = contributions(portfolio)["AAPL"]
    assert (gain, reason) == (pytest.approx(100), "")


def test_without_a_close_at_the_base_there_is_no_number(portfolio: Portfolio) -> None:
    book_fills(portfolio=portfolio, fills=[fill("1", at=at(BASE_DAY, 10))], now=at(BASE_DAY, 10))
    assert contributions(portfolio)["AAPL"] == (None, "There is no close of AAPL around 2026-11-13.")
