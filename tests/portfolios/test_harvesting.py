from __future__ import annotations

from datetime import timedelta

import pytest

from common.errors import InvalidInput
from portfolios.harvesting import harvest_candidates
from portfolios.ledger import book_fills
from portfolios.models import Portfolio
from portfolios.types import FillBooking
from tests.portfolios.conftest import NOW, D, set_price


@pytest.fixture(autouse=True)
def purchases(portfolio: Portfolio) -> None:
    """AAPL: a long-term and a short-term loss, and a purchase of last week at today's price. MSFT: a gain."""
    bought = [("AAPL", 400, "150"), ("AAPL", 200, "140"), ("AAPL", 7, "100"), ("MSFT", 300, "10")]
    fills = [
        FillBooking(
            source_id=f"{number}",
            symbol=symbol,
            side="buy",
            quantity=D(10),
            price=D(price),
            at=NOW - timedelta(days=days),
        )
        for number, (symbol, days, price) in enumerate(bought)
    ]
    book_fills(portfolio=portfolio, fills=fills, now=NOW)
    set_price("AAPL", "100")
    set_price("MSFT", "20")


def test_losses_by_what_they_save(portfolio: Portfolio) -> None:
    found = harvest_candidates(portfolio, now=NOW)
    assert [(one.loss, one.long_term, one.tax_saved) for one in found] == [
        (D(400), False, D(96)),  # 24 %
        (D(500), True, D(75)),  # 15 %
    ]
    assert found[0].loss_pct == D("28.5714")
    assert found[0].no_buys_until == NOW + timedelta(days=30)


def test_a_purchase_of_last_week_is_told(portfolio: Portfolio) -> None:
    caution = harvest_candidates(portfolio, now=NOW)[0].caution
    assert caution.startswith("AAPL was bought on 2026-11-13: sold before 2026-12-14, the loss does not count")
    assert harvest_candidates(portfolio, now=NOW + timedelta(days=31))[0].caution == ""


def test_thresholds(portfolio: Portfolio) -> None:
    assert [one.loss for one in harvest_candidates(portfolio, now=NOW, min_loss=D(401))] == [500]
    assert [one.loss for one in harvest_candidates(portfolio, now=NOW, min_loss_pct=D(30))] == [500]
    with pytest.raises(InvalidInput) as caught:
        harvest_candidates(portfolio, now=NOW, min_loss=D(-1), long_term_tax_pct=D(101))
    assert set(caught.value.errors) == {"min_loss", "long_term_tax_pct"}
