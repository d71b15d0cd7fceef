"""Money-weighted return, against Excel's documented example and pyxirr."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolios.measuring.cashflows import net_present_value, over_period, xirr
from portfolios.measuring.figures import known

DAY = date(2020, 1, 1)
# Microsoft, "XIRR function": values and dates of its example, which gives 0.373362535.
EXCEL = [
    (date(2008, 1, 1), -10_000.0),
    (date(2008, 3, 1), 2750.0),
    (date(2008, 10, 30), 4250.0),
    (date(2009, 2, 15), 3250.0),
    (date(2009, 4, 1), 2750.0),
]


def test_microsofts_example() -> None:
    assert xirr(EXCEL).value == pytest.approx(0.373362535, abs=1e-6)


def test_one_flow_in_and_one_out_is_plain_growth() -> None:
    rate = xirr([(DAY, -100), (DAY + timedelta(days=730), 121)])
    assert rate.value == pytest.approx(0.1, abs=1e-12)
    assert over_period(rate, 730).value == pytest.approx(0.21, abs=1e-12)
    assert over_period(known(0.1), 73).value == pytest.approx(1.1**0.2 - 1)


def test_a_day_and_a_crash_are_no_trouble() -> None:
    assert xirr([(DAY, -100), (DAY + timedelta(days=1), 101)]).value == pytest.approx(1.01**365 - 1, rel=1e-9)
    assert xirr([(DAY, -100), (DAY + timedelta(days=365), 0.001)]).value == pytest.approx(-0.99999, abs=1e-9)


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        ([], "one day"),
        ([(DAY, -1.0), (DAY, 2.0)], "one day"),
        ([(DAY, -1.0), (DAY + timedelta(days=9), -2.0)], "one direction"),
        # Two rates, 25 % and 400 %: the pump of Lorie and Savage, Three Problems in Rationing Capital, 1955.
        ([(DAY, -1000.0), (DAY + timedelta(days=365), 3000.0), (DAY + timedelta(days=730), -2500.0)], "No rate"),
        ([(DAY, -1600.0), (DAY + timedelta(days=365), 10_000.0), (DAY + timedelta(days=730), -10_000.0)], "Several"),
    ],
)
def test_none_and_several_are_told(flows: list[tuple[date, float]], reason: str) -> None:
    figure = xirr(flows)
    assert figure.value is None
    assert reason in figure.reason


AMOUNTS = st.lists(
    st.tuples(st.integers(min_value=1, max_value=2600), st.floats(min_value=1, max_value=1e6)), min_size=1, max_size=20
)


@settings(max_examples=1000, deadline=None)
@given(paid_in=AMOUNTS, last=st.integers(min_value=3001, max_value=4000), value=st.floats(min_value=100, max_value=1e7))
def test_the_present_value_at_its_rate_is_nothing(paid_in: list[tuple[int, float]], last: int, value: float) -> None:
    flows = [(DAY + timedelta(days=day), -amount) for day, amount in paid_in] + [(DAY + timedelta(days=last), value)]
    rate = xirr(flows).value
    assert rate is not None
    assert abs(net_present_value(rate, flows)) <= 1e-6 * sum(
        abs(amount) * (1 + rate) ** (-(day - min(d for d, _ in flows)).days / 365) for day, amount in flows
    )


@settings(max_examples=200, deadline=None)
@given(paid_in=AMOUNTS, gain=st.floats(min_value=0.5, max_value=3))
def test_it_is_pyxirrs(paid_in: list[tuple[int, float]], gain: float) -> None:
    """pyxirr 0.10, an independent implementation in Rust."""
    flows = [(DAY + timedelta(days=day), -amount) for day, amount in paid_in]
    flows.append((DAY + timedelta(days=3650), gain * sum(amount for _, amount in paid_in)))
    expected = pyxirr.xirr([day for day, _ in flows], [amount for _, amount in flows])
    assert xirr(flows).value == pytest.approx(expected, abs=1e-6)
