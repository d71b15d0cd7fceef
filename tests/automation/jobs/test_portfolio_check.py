"""A portfolio check tells facts, and alerts once about each finding until it is gone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from alerts.models import Alert
from markets.models import Quote
from portfolios.models import Holding, PortfolioGoal
from tests.automation.jobs.making import run
from tests.automation.making import hold
from tests.orders.making import NOW, quote

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=10)


def told():
    return Alert.objects.filter(data__finding__isnull=False)


def codes(outcome) -> list[str]:
    return [one["code"].partition(":")[0] for one in outcome.result["findings"]]


def test_all_is_well(desk):
    found = run(desk, "portfolio_check")
    assert found.summary == "Main: $100000, all well."
    assert (found.result["equity"], found.result["cash_percent"], found.result["books"]) == ("100000", "100", [])
    assert not told().exists()


def test_drawdown_and_days_loss_are_found_at_their_limits_and_told_once(desk):
    hold(desk, "AAPL", "1000")  # $100,000 of it, and as much cash
    run(desk, "portfolio_check")
    quote("AAPL", "94", at=LATER)  # 3 % of 200,000 dollars lost
    desk.portfolio.peak_equity = Decimal(200_000)
    desk.portfolio.save()
    found = run(desk, "portfolio_check", now=LATER, drawdown_percent="3")
    assert codes(found) == ["drawdown", "day_loss"]
    assert found.result["drawdown_percent"] == "3"
    assert {alert.title for alert in told()} == {
        "Main is 3 % below its peak of $200000.", "Main has lost $6000 today (-3 %).",
    }  # fmt: skip
    again = run(desk, "portfolio_check", now=LATER, previous=found.result, drawdown_percent="3")
    assert (codes(again), again.result["new"], told().count()) == (["drawdown", "day_loss"], 0, 2)
    quote("AAPL", "100", at=LATER + timedelta(minutes=1))
    gone = run(desk, "portfolio_check", now=LATER + timedelta(minutes=1), previous=again.result, drawdown_percent="3")
    assert codes(gone) == []
    quote("AAPL", "94", at=LATER + timedelta(minutes=2))
    run(desk, "portfolio_check", now=LATER + timedelta(minutes=2), previous=gone.result, drawdown_percent="3")
    assert told().count() == 4


def test_just_below_the_limits_nothing_is_found(desk):
    hold(desk, "AAPL", "1000")
    run(desk, "portfolio_check")
    quote("AAPL", "94.02", at=LATER)
    assert codes(run(desk, "portfolio_check", now=LATER)) == []


def test_little_cash_and_a_missing_price_are_found(desk):
    hold(desk, "AAPL", "1000")
    assert codes(run(desk, "portfolio_check", cash_below_percent="51")) == ["cash"]
    assert codes(run(desk, "portfolio_check", cash_below_percent="50")) == []
    Quote.objects.all().delete()
    found = run(desk, "portfolio_check", cash_below_percent="51")
    assert codes(found) == ["unpriced"]
    assert found.result["equity"] is None


def test_books_that_disagree_are_critical(desk):
    hold(desk, "AAPL", "10")
    Holding.objects.update(quantity=11)
    assert codes(run(desk, "portfolio_check")) == ["books"]
    assert told().get().severity == "critical"
    assert codes(run(desk, "portfolio_check", audit=False)) == []


def test_a_goal_outside_its_band_is_found(desk):
    goal = PortfolioGoal.objects.create(
        portfolio=desk.portfolio, name="Half", target_weights={"AAPL": "0.5", "CASH": "0.5"}, created_at=NOW,
        updated_at=NOW,
    )  # fmt: skip
    found = run(desk, "portfolio_check")
    assert found.result["findings"][0]["code"] == f"drift:{goal.pk}"
    assert "The goal Half is outside its band" in found.summary
    assert found.result["goals"][0]["worst_percent"] == "50"
    assert codes(run(desk, "portfolio_check", goals=False)) == []
    hold(desk, "AAPL", "1000")
    assert codes(run(desk, "portfolio_check")) == []
