"""Risk alerts: a portfolio's drawdown, loss of the day, concentration and value at risk, pushed and told once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from alerts.models import AlertConfig
from automation import observing, portfolio_series
from markets.models import Quote
from portfolios.ledger import withdraw
from portfolios.models import Holding, Portfolio
from portfolios.standing import concentrations, daily_losses, largest_weights
from tests.alerts.making import config, state, told, watch_of
from tests.automation.making import MINUTE, D, S, bars, hold, quote
from tests.orders.making import NOW, Desk
from watches.models import Series

pytestmark = pytest.mark.django_db


def risk(desk: Desk, **condition: str) -> AlertConfig:
    return config(desk.user, condition, alert_type="risk")


def told_after(alert: AlertConfig, *prices: str) -> list[int]:
    """AAPL's price in each of the next minutes; how often the alert has been told after each."""
    counts = []
    for minute, price in enumerate(prices, start=1):
        at = NOW + minute * MINUTE
        quote("AAPL", price, at=at - S)
        observing.observe(now=at)
        counts.append(len(told(alert)))
    return counts


# 100 shares at 100 beside $90,000 in cash: $100,000.
@pytest.fixture
def holder(desk: Desk) -> Desk:
    hold(desk)
    withdraw(portfolio=desk.portfolio, amount=D(10_000), now=NOW)
    return desk


@pytest.mark.parametrize(
    ("condition", "prices", "counts"),
    [
        ({"drawdown_pct": "5"}, ["100", "51", "50", "40", "51", "50"], [0, 0, 1, 1, 1, 2]),
        ({"daily_loss_pct": "5"}, ["100", "51", "50", "40", "120", "50"], [0, 0, 1, 1, 1, 2]),
        ({"largest_weight_pct": "25"}, ["299.99", "300", "400", "299", "301"], [0, 1, 1, 1, 2]),
        ({"hhi": "0.9"}, ["100", "100"], [1, 1]),
    ],
)
def test_it_is_told_once_and_again_after_it_recovered(holder, condition, prices, counts):
    alert = risk(holder, **condition)
    assert told_after(alert, *prices) == counts


def test_what_is_told_names_measure_and_level(holder):
    alert = risk(holder, daily_loss_pct="5")
    told_after(alert, "45")
    (found,) = told(alert)
    assert (found.kind, found.title) == ("risk", "The portfolio has lost 5 % or more today")
    assert found.body == "Seen: 5.5 % against 5 % at 2026-11-20 15:01:00 UTC."
    assert found.data["subject"] == str(holder.portfolio.id)
    assert state(alert, now=NOW + MINUTE) == "true"


def test_a_holding_without_a_price_makes_every_measure_unknown(holder):
    measures = ({"drawdown_pct": "1"}, {"daily_loss_pct": "1"}, {"largest_weight_pct": "1"}, {"hhi": "0.1"})
    found = [risk(holder, **measure) for measure in ({"var_pct": "1"}, *measures)]
    Quote.objects.all().delete()
    for minute in range(1, 4):
        assert observing.observe(now=NOW + minute * MINUTE) == 0
    assert [told(alert) for alert in found] == [[]] * 5
    assert {state(alert) for alert in found} == {"unknown"}


def test_money_paid_out_is_no_loss(holder):
    alert = risk(holder, daily_loss_pct="1")
    withdraw(portfolio=holder.portfolio, amount=D(50_000), now=NOW + S)
    assert told_after(alert, "100", "99") == [0, 0]


def test_concentration_of_several_holdings_and_of_cash(holder, other):
    hold(holder, "MSFT", "300")
    ids = [holder.portfolio.id, other.portfolio.id]
    assert concentrations(ids) == {ids[0]: D("0.625"), ids[1]: D(0)}  # a quarter and three: 1/16 + 9/16
    assert largest_weights(ids)[ids[1]] == 0
    assert daily_losses(ids, NOW)[ids[1]] == 0


def test_value_at_risk_is_judged_once_an_hour(holder):
    # Every twentieth day the share falls by a tenth, else it stands still: 95 % of the days lose nothing, 99 % do not.
    closes = [D(100)]
    for day in range(1, 200):
        closes.append(closes[-1] * (D("0.9") if day % 20 == 0 else D(1)))
    bars("AAPL", "1d", NOW.replace(hour=0) - timedelta(days=1), closes)
    alert, calm = risk(holder, var_pct="0.9", confidence="99"), risk(holder, var_pct="0.9", confidence="90")
    at = NOW + 10 * S
    observing.observe(now=at)
    assert (len(told(alert)), told(calm)) == (1, [])
    assert watch_of(alert).series.value == pytest.approx(D(1), abs=D("0.01"))
    observing.observe(now=at + timedelta(minutes=30))
    assert watch_of(alert).series.value_at == at
    observing.observe(now=at + timedelta(hours=1))
    assert watch_of(alert).series.value_at == at + timedelta(hours=1)
    assert len(told(alert)) == 1


def test_a_thousand_portfolios_cost_as_many_statements_as_a_few(desk, django_assert_num_queries):
    def watched(count: int, name: str) -> list[Series]:
        users = User.objects.bulk_create(User(username=f"{name}{n}") for n in range(count))
        portfolios = Portfolio.objects.bulk_create(
            Portfolio(user=user, name="Main", cash=1000, peak_equity=2000) for user in users
        )
        Holding.objects.bulk_create(
            Holding(portfolio=portfolio, instrument_id="AAPL", quantity=1, cost=100, updated_at=NOW)
            for portfolio in portfolios
        )
        return Series.objects.bulk_create(
            Series(subject=f"portfolio:{portfolio.id}", observable=observable, kind="pushed")
            for portfolio in portfolios
            for observable in (*portfolio_series.EVERY_MINUTE, "var:95")
        )

    few, many = watched(2, "few"), watched(1000, "many")
    for series in (few, many):
        with django_assert_num_queries(20):
            portfolio_series.observe(series, now=NOW)
    assert Series.objects.filter(observable="drawdown", value=D(45)).count() == 1002
