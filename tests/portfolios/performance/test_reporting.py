"""The report of an account with a past."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import pyxirr

from accounts.models import User
from portfolios.measuring.figures import Figure
from portfolios.models import Portfolio
from portfolios.performance.reporting import Performance, performance_of
from tests.portfolios.conftest import NOW
from tests.portfolios.history import LAST, closes
from tests.portfolios.performance.making import HELD, days, make_past, point


@pytest.fixture
def past(ann: User) -> Portfolio:
    return make_past(ann)


def report(portfolio: Portfolio, period: str = "all", benchmark: str = "SPY") -> Performance:
    return performance_of(portfolio, period=period, benchmark=benchmark, now=NOW)


def value(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value


def test_gain_is_what_the_holdings_added_and_nothing_is_left_over(past: Portfolio) -> None:
    found = report(past)
    assert found.money is not None
    assert found.money.begin == 100_000
    assert found.money.flows == 4_000
    assert {one.symbol for one in found.contributions} == {"AAPL", "MSFT"}
    assert sum(one.gain or 0 for one in found.contributions) == pytest.approx(found.money.gain, abs=0.01)
    assert found.other_gain == pytest.approx(0, abs=0.01)
    prices = closes("MSFT", HELD)
    msft = next(one for one in found.contributions if one.symbol == "MSFT")
    assert msft.gain == pytest.approx(500 * (prices[-1] - prices[1]) + 120 - 1, abs=0.01)


def test_every_period_adds_up(past: Portfolio) -> None:
    for period in ("1d", "1w", "1m", "3m", "ytd", "1y"):
        found = report(past, period)
        assert found.money is not None
        assert sum(one.gain or 0 for one in found.contributions) == pytest.approx(found.money.gain, abs=0.01)
        assert found.daily.growth[0] == 1


def test_a_week_is_five_sessions_from_the_close_before_it(past: Portfolio) -> None:
    week = report(past, "1w")
    assert week.daily.dates[0] == LAST - timedelta(days=7)
    assert len(week.daily) == 6
    whole = report(past)
    assert value(week.figures["time_weighted_return"]) == pytest.approx(
        whole.daily.index[-1] / whole.daily.index[-6] - 1
    )


def test_the_owners_rate_is_pyxirrs(past: Portfolio) -> None:
    sessions = days()
    flows = {sessions[0]: -100_000.0, sessions[200]: -5000.0, sessions[250]: 1000.0}
    found = report(past)
    assert found.money is not None
    flows[sessions[-1]] = found.money.end
    expected = pyxirr.xirr(list(flows), list(flows.values()))
    assert value(found.figures["money_weighted_annual"]) == pytest.approx(expected, abs=1e-6)


def test_the_benchmark_is_measured_on_the_same_dates(past: Portfolio) -> None:
    found = report(past).benchmark
    prices = np.array(closes("IBM", HELD))
    assert value(found.figures["time_weighted_return"]) == pytest.approx(prices[-1] / prices[0] - 1)
    own = report(past).daily.index
    moves, theirs = own[1:] / own[:-1] - 1, prices[1:] / prices[:-1] - 1
    assert value(found.figures["beta"]) == pytest.approx(np.polyfit(theirs, moves, 1)[0])
    assert value(report(past, benchmark="AAPL").benchmark.figures["correlation"]) > 0.3


def test_what_is_missing_says_why(past: Portfolio) -> None:
    found = report(past, "1w")
    assert "20 daily returns" in found.figures["sharpe"].reason
    assert "Less than a year" in found.figures["cagr"].reason
    assert found.trades.win_rate.reason == "Nothing was sold in this period."
    assert "import its bars" in report(past, benchmark="QQQ").benchmark.reason


def test_trades_are_sales_with_their_gain(past: Portfolio) -> None:
    trades = report(past).trades
    prices = closes("AAPL", HELD)
    gain = 50 * (prices[100] - prices[1]) - 0.5
    assert (trades.count, trades.wins, value(trades.win_rate)) == (1, 1, 1)
    assert float(trades.gain) == pytest.approx(gain, abs=0.02)
    assert (trades.short_term, trades.long_term) == (trades.gain, 0)


def test_an_account_without_a_curve_has_no_numbers(portfolio: Portfolio) -> None:
    found = report(portfolio)
    assert found.money is None
    assert {figure.value for figure in found.figures.values()} == {None}
    assert found.benchmark.reason
    point(portfolio, NOW, 100_000)
    assert report(portfolio).figures["time_weighted_return"].reason
