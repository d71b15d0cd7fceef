"""Time-weighted returns: flows change nothing; months and years link as empyrical's do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from markets.demo_history import FILE
from portfolios.measuring.returns import Daily, Flow, Point, annual_growth, linked, monthly, time_weighted, yearly
from tests.portfolios.oracles import COUNT, EXPECTED

START = datetime(2026, 1, 5, 21, tzinfo=UTC)


def point(day: int, equity: float, hours: float = 0) -> Point:
    at = START + timedelta(days=day, hours=hours)
    return Point(at=at, day=(START + timedelta(days=day)).date(), equity=equity)


def flow(day: int, amount: float, hours: float = -1) -> Flow:
    at = START + timedelta(days=day, hours=hours)
    return Flow(at=at, day=at.date(), amount=amount)


def real_dates(ticker: str, count: int) -> list[date]:
    """The dates of the vendored file."""
    import gzip

    with gzip.open(FILE, "rt") as file:
        rows = [line.split(",")[1] for line in file if line.startswith(f"{ticker},")]
    return [date.fromisoformat(day) for day in rows[-count:]]


def test_the_example_of_the_cfa_institute() -> None:
    """CFA Program Curriculum, Level I, "Time-Weighted Rate of Return": one share bought at 200, a second at 225 a year
    later, both sold at 235 in the end, $5 a share paid each year: 15 % and 6.67 %, 10.76 % a year."""
    points = [point(0, 200), point(364, 225 + 5, hours=22), point(365, 450), point(730, 470 + 10)]
    flows = [flow(0, 200), flow(365, 225), flow(365, -5)]
    daily = linked(points, flows)
    total = time_weighted(daily).value
    assert total == pytest.approx((230 / 200) * (480 / 450) - 1, abs=1e-12)
    growth = annual_growth(total or 0, daily.days).value
    assert growth == pytest.approx(0.1076, abs=1e-4)


def test_a_deposit_is_no_gain_and_a_withdrawal_no_loss() -> None:
    points = [point(0, 1000), point(1, 2100), point(2, 1050), point(3, 1050)]
    flows = [flow(0, 1000), flow(1, 1000), flow(2, -1050)]
    assert linked(points, flows).growth.tolist() == [1.0, 1.05, 1.0, 1.0]


def test_the_point_before_a_flow_makes_the_day_exact() -> None:
    """10 % on 1,000 in the morning, 10,000 paid in at noon, nothing after: the day made 10 %."""
    flows = [flow(0, 1000), flow(1, 10_000, hours=-3)]
    exact = linked([point(0, 1000), point(1, 1100, hours=-4), point(1, 11_100)], flows)
    assert exact.growth.tolist() == pytest.approx([1.0, 1.1])
    assert linked([point(0, 1000), point(1, 11_100)], flows).growth[1] == pytest.approx(11_100 / 11_000)


def test_an_account_that_was_emptied_rests_until_money_comes_back() -> None:
    points = [point(0, 100), point(1, 110), point(2, 0), point(3, 0), point(4, 55)]
    flows = [flow(0, 100), flow(2, -110), flow(4, 50)]
    assert linked(points, flows).growth.tolist() == pytest.approx([1.0, 1.1, 1.0, 1.0, 1.1])


def test_a_flow_after_the_last_point_waits() -> None:
    assert linked([point(0, 100), point(1, 110)], [flow(0, 100), flow(2, 500)]).growth.tolist() == [1.0, 1.1]


def test_since_begins_at_the_last_date_before() -> None:
    daily = linked([point(day, equity) for day, equity in ((0, 100), (1, 110), (4, 121))], [flow(0, 90)])
    part = daily.since(daily.dates[1] + timedelta(days=1))
    assert (part.dates, part.growth.tolist()) == (daily.dates[1:], [1.0, 1.1])
    assert daily.since(daily.dates[0] - timedelta(days=1)) is daily
    assert daily.since(None) is daily


def test_too_little_is_none_with_its_reason() -> None:
    assert time_weighted(linked([point(0, 100)], [])).reason
    assert "Less than a year" in annual_growth(0.1, 364).reason
    assert annual_growth(0.1, 365).value == pytest.approx(0.1)
    assert annual_growth(-1, 400).value == -1


def test_months_and_years_are_empyricals() -> None:
    """empyrical-reloaded 0.7.1, aggregate_returns."""
    from tests.portfolios.history import closes

    prices = np.array(closes("AAPL", COUNT))
    dates = real_dates("AAPL", COUNT)[1:]
    daily = Daily(
        dates=tuple(dates),
        growth=prices[1:] / prices[:-1],
        equity=prices[1:],
        flows=np.zeros(len(dates)),
    )
    table = monthly(daily)
    assert [gained for _, _, gained in table] == pytest.approx(EXPECTED["performance"]["monthly"], abs=1e-12)
    assert list(yearly(table).values()) == pytest.approx(EXPECTED["performance"]["yearly"], abs=1e-12)
    assert float(daily.index[-1]) - 1 == pytest.approx(EXPECTED["performance"]["total"], abs=1e-12)


@settings(max_examples=1000, deadline=None)
@given(seed=st.integers(min_value=0, max_value=2**32), days=st.integers(min_value=2, max_value=30))
def test_flows_do_not_change_the_return(seed: int, days: int) -> None:
    """Money in at the start of each day, a part taken out at its end: the index is the product of the growths."""
    random = np.random.default_rng(seed)
    equity, points, flows, expected = 1000.0, [point(0, 1000)], [flow(0, 1000)], 1.0
    for number in range(1, days + 1):
        grew, paid_in = random.uniform(0.5, 1.5), random.choice([0.0, random.uniform(1, 1e6)])
        after = (equity + paid_in) * grew
        paid_out = after * random.choice([0.0, random.uniform(0, 0.9)])
        flows += [flow(number, paid_in, hours=-8), flow(number, -paid_out, hours=-0.5)]
        equity = after - paid_out
        points.append(point(number, equity))
        expected *= grew
    assert linked(points, flows).index[-1] == pytest.approx(expected, rel=1e-9)
