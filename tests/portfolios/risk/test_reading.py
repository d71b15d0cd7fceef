"""Value at risk of many portfolios at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from accounts.models import User
from common.money import nano
from portfolios.ledger import book_fills
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from portfolios.risk.reading import value_at_risk
from tests.portfolios.conftest import NOW, D, make_instruments, set_price
from tests.portfolios.history import closes, store_history
from tests.portfolios.test_ledger import fill


@pytest.fixture
def invested(portfolio: Portfolio) -> Portfolio:
    """$60,000 in AAPL at 100, $20,000 in MSFT at 50, $20,000 in cash."""
    fills = [fill("1", quantity="600", price="100"), fill("2", symbol="MSFT", quantity="400", price="50")]
    book_fills(portfolio=portfolio, fills=fills, now=NOW)
    set_price("AAPL", "100")
    set_price("MSFT", "50")
    store_history("AAPL", closes("AAPL", 300))
    store_history("MSFT", closes("MSFT", 300))
    return portfolio


def test_it_is_the_quantile_of_what_todays_positions_would_have_made(invested: Portfolio) -> None:
    moves = [np.diff(prices) / prices[:-1] for prices in (np.array(closes(t, 251)) for t in ("AAPL", "MSFT"))]
    expected = -np.percentile(0.6 * moves[0] + 0.2 * moves[1], [5, 1]) * 100
    assert float(value_at_risk([invested.pk], NOW)[invested.pk]) == pytest.approx(expected[0], abs=1e-8)
    severe = value_at_risk([invested.pk], NOW, confidence=0.99)[invested.pk]
    assert float(severe) == pytest.approx(expected[1], abs=1e-8)
    assert nano(severe) == severe


def test_many_cost_two_queries_and_unknown_ones_are_left_out(
    invested: Portfolio, bob: User, django_assert_num_queries: Any
) -> None:
    make_instruments("YOUNG", "DARK")
    cash = open_portfolio(user=bob, name="Cash", cash=D(5), now=NOW)
    empty = open_portfolio(user=bob, name="Empty", cash=D(0), now=NOW)
    young = open_portfolio(user=bob, name="Young", cash=D(1000), now=NOW)
    dark = open_portfolio(user=bob, name="Dark", cash=D(1000), now=NOW)
    book_fills(portfolio=young, fills=[fill("y", symbol="YOUNG", quantity="1", price="9")], now=NOW)
    book_fills(portfolio=dark, fills=[fill("d", symbol="DARK", quantity="1", price="9")], now=NOW)
    set_price("YOUNG", "9")
    store_history("YOUNG", closes("FB", 60))  # 59 returns: one too few
    with django_assert_num_queries(2):
        found = value_at_risk([p.pk for p in (invested, cash, empty, young, dark)], NOW)
    assert set(found) == {invested.pk, cash.pk}
    assert found[cash.pk] == 0
