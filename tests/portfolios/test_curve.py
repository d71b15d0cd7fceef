"""Points of the equity curve."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import User
from portfolios.curve import equity_curve, record_equity, thin_equity
from portfolios.ledger import book_fills, deposit
from portfolios.models import EquityPoint, Portfolio
from portfolios.opening import open_portfolio
from tests.portfolios.conftest import NOW, D, set_price
from tests.portfolios.test_ledger import fill

MINUTE = timedelta(minutes=1)


def points(portfolio: Portfolio) -> list[tuple[object, object]]:
    return [(point.at, point.equity) for point in EquityPoint.objects.filter(portfolio=portfolio).order_by("at")]


def peak(portfolio: Portfolio) -> object:
    return Portfolio.objects.get(pk=portfolio.pk).peak_equity


def test_a_point_a_minute_while_something_changes(portfolio: Portfolio, bob: User) -> None:
    other = open_portfolio(user=bob, name="Main", cash=D(5), now=NOW)
    set_price("AAPL", "100")
    book_fills(portfolio=portfolio, fills=[fill("1")], now=NOW)
    assert record_equity(NOW + timedelta(seconds=30)) == 2
    assert record_equity(NOW + timedelta(seconds=59)) == 0
    set_price("AAPL", "120")
    assert record_equity(NOW + MINUTE) == 1
    assert record_equity(NOW + 2 * MINUTE) == 0
    set_price("AAPL", "110")
    assert record_equity(NOW + 3 * MINUTE) == 1
    first = NOW + timedelta(seconds=30)
    assert points(portfolio) == [(first, 100_000), (NOW + MINUTE, 100_200), (NOW + 3 * MINUTE, 100_100)]
    assert points(other) == [(first, 5)]
    assert peak(portfolio) == 100_200
    assert record_equity(NOW + 60 * MINUTE) == 1  # the other one, quiet for an hour


def test_what_cannot_be_valued_gets_no_point(portfolio: Portfolio) -> None:
    book_fills(portfolio=portfolio, fills=[fill("1")], now=NOW)
    assert record_equity(NOW) == 0
    assert points(portfolio) == []


def test_old_points_are_thinned(portfolio: Portfolio) -> None:
    ages = [timedelta(days=days, minutes=minutes) for days in (0, 8, 100) for minutes in (10, 20, 70)]
    for age in ages:
        EquityPoint.objects.create(portfolio=portfolio, at=NOW - age, equity=1, cash=1)
    assert thin_equity(NOW) == 3
    day, minutes = timedelta(days=1), [minutes * MINUTE for minutes in (10, 20, 70)]
    kept = [*minutes, 8 * day + minutes[0], 8 * day + minutes[2], 100 * day + minutes[0]]
    assert [NOW - point.at for point in EquityPoint.objects.order_by("-at")] == kept


def test_the_point_before_money_moved_stays(portfolio: Portfolio) -> None:
    ago = NOW - timedelta(days=100)
    for minutes in (10, 20, 30):
        EquityPoint.objects.create(portfolio=portfolio, at=ago + minutes * MINUTE, equity=1, cash=1)
    deposit(portfolio=portfolio, amount=D(5), now=ago + 15 * MINUTE)
    assert thin_equity(NOW) == 1
    assert [at for at, _ in points(portfolio)] == [ago + 10 * MINUTE, ago + 30 * MINUTE]


def test_the_curve_in_steps(portfolio: Portfolio) -> None:
    for minutes in (0, 1, 61, 24 * 60):
        at = NOW + minutes * MINUTE
        EquityPoint.objects.create(portfolio=portfolio, at=at, equity=minutes, cash=0)
    curve = {step: [int(equity) for _, equity, _ in equity_curve(portfolio, resolution=step)] for step in STEPS}
    assert curve == {"minute": [0, 1, 61, 1440], "hour": [1, 61, 1440], "day": [61, 1440]}
    assert len(equity_curve(portfolio, start=NOW + MINUTE, end=NOW + 61 * MINUTE, resolution="minute")) == 2


STEPS = ("minute", "hour", "day")
