"""Goals read with their books: drift, plans, what they allow, and the symbols the feeds bring."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from markets import subscriptions
from portfolios.goals.allowing import allowances
from portfolios.goals.changing import create_goal
from portfolios.goals.reading import book_of, drift, drifts, plan_goal, plan_terms
from portfolios.ledger import book_fills
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.types import CannotPlan, GoalTerms
from portfolios.types import FillBooking
from tests.portfolios.conftest import NOW, D, make_instruments, set_price


def fill(number: int, side: str, symbol: str, quantity: str, price: str, days: int = 0) -> FillBooking:
    at = NOW - timedelta(days=days)
    return FillBooking(source_id=str(number), symbol=symbol, side=side, quantity=D(quantity), price=D(price), at=at)


@pytest.fixture
def goal(ann: User, portfolio: Portfolio) -> PortfolioGoal:
    """AAPL 60 %, MSFT 40 %, of $100,000; $70,000 of AAPL are held."""
    set_price("AAPL", "100")
    set_price("MSFT", "50")
    book_fills(portfolio=portfolio, fills=[fill(1, "buy", "AAPL", "700", "100", 400)], now=NOW)
    data = {"name": "G", "target_weights": {"AAPL": "0.6", "MSFT": "0.4"}, "spread_bps": 0, "slippage_bps": 0}
    return create_goal(user=ann, data=data, now=NOW, actor="ann")


def test_drift_and_plan_of_a_goal(goal: PortfolioGoal) -> None:
    found = drift(goal, NOW)
    assert {row.symbol: row.weight for row in found.rows} == {"AAPL": D("0.7"), "MSFT": D(0), "CASH": D("0.3")}
    assert found.needs_rebalancing
    made = plan_goal(goal, NOW)
    assert [(t.side, t.symbol) for t in made.trades] == [("sell", "AAPL"), ("buy", "MSFT")]
    assert made.sells[0].long_term_gain == 0 and made.sells[0].lots[0].quantity == 100


def test_the_drift_of_many_goals_takes_three_queries(ann: User, goal: PortfolioGoal) -> None:
    make_instruments("GLD")
    others = [
        create_goal(user=ann, data={"name": str(n), "target_weights": {"GLD": "1"}}, now=NOW, actor="ann")
        for n in range(5)
    ]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = drifts([goal.pk, *(other.pk for other in others)], NOW)
    assert len(queries) == 3
    assert found[goal.pk].needs_rebalancing
    assert all("GLD: no price yet" in found[other.pk].problem for other in others)


def test_the_book_knows_losses_and_purchases_of_thirty_days(portfolio: Portfolio, goal: PortfolioGoal) -> None:
    book_fills(
        portfolio=portfolio,
        fills=[
            fill(2, "sell", "AAPL", "10", "90", 29),
            fill(3, "buy", "MSFT", "10", "60", 29),
            fill(4, "sell", "MSFT", "5", "70", 28),
        ],
        now=NOW,
    )
    book = book_of(Portfolio.objects.get(pk=portfolio.pk), NOW, ["MSFT"])
    assert book.loss_sales == {"AAPL": NOW - timedelta(days=29)}  # MSFT was sold at a gain
    assert book.recent_buys == {"MSFT": NOW - timedelta(days=29)}
    assert [lot.quantity for lot in book.holdings["AAPL"].lots] == [690]


def test_targets_that_are_no_goal(portfolio: Portfolio, goal: PortfolioGoal) -> None:
    made = plan_terms(Portfolio.objects.get(pk=portfolio.pk), GoalTerms(targets={"MSFT": D(1)}), NOW)
    assert {(t.side, t.symbol) for t in made.trades} == {("sell", "AAPL"), ("buy", "MSFT")}
    make_instruments("GLD")
    with pytest.raises(CannotPlan, match="GLD: no price yet"):
        plan_terms(portfolio, GoalTerms(targets={"GLD": D(1)}), NOW)


def test_a_goal_allows_its_target_and_band_while_it_is_enabled(
    ann: User, portfolio: Portfolio, goal: PortfolioGoal
) -> None:
    assert allowances(portfolio) == {"AAPL": D(65), "MSFT": D(45)}
    more = {"name": "Other", "target_weights": {"MSFT": "0.9", "CASH": "0.1"}, "band_kind": "hybrid_20_1"}
    create_goal(user=ann, data=more, now=NOW, actor="ann")
    assert allowances(portfolio) == {"AAPL": D(65), "MSFT": D(100)}  # 108 % of it cannot be held
    PortfolioGoal.objects.update(enabled=False)
    assert allowances(portfolio) == {}


def test_the_feeds_bring_the_symbols_of_enabled_goals(goal: PortfolioGoal) -> None:
    assert "MSFT" in subscriptions.wanted()  # not held
    PortfolioGoal.objects.update(enabled=False)
    assert "MSFT" not in subscriptions.wanted()
