"""Position sizes, against worked examples of their sources."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import InvalidInput
from portfolios.sizing import (
    Account,
    Size,
    atr_distance,
    fixed_fractional,
    kelly,
    percent_risk,
    stop_distance,
    volatility_target,
)

D = Decimal
ACCOUNT = Account(equity=D(100_000), price=D(50))


def test_fixed_fractional_is_a_share_of_equity() -> None:
    assert fixed_fractional(ACCOUNT, fraction=D("0.1")) == Size(shares=D(200), fraction=D("0.1"))


def test_percent_risk_is_tharps_example() -> None:
    """Tharp, Trade Your Way to Financial Freedom, ch. 12: gold, $50,000, 2.5 % risk, $500 a contract: 2.5 contracts."""
    gold = Account(equity=D(50_000), price=D(500), fractional=True, max_fraction=D(10))
    assert percent_risk(gold, risk_fraction=D("0.025"), risk_per_share=D(500)).shares == D("2.5")
    whole = Account(equity=D(50_000), price=D(500), fractional=False, max_fraction=D(10))
    assert percent_risk(whole, risk_fraction=D("0.025"), risk_per_share=D(500)).shares == 2


def test_a_stop_met_costs_the_fraction_that_was_risked() -> None:
    distance = stop_distance(price=D(50), stop=D(46))
    sized = percent_risk(ACCOUNT, risk_fraction=D("0.01"), risk_per_share=distance)
    assert sized.shares * distance == D(1000)
    assert percent_risk(ACCOUNT, risk_fraction=D("0.01"), risk_per_share=atr_distance(atr=D(2))) == sized


def test_volatility_target_scales_by_the_ratio() -> None:
    assert volatility_target(ACCOUNT, target=D("0.1"), volatility=D("0.4")).fraction == D("0.25")
    calm = volatility_target(ACCOUNT, target=D("0.1"), volatility=D("0.05"))
    assert (calm.fraction, calm.limited_by) == (1, "max_fraction")
    assert "volatility is 0" in volatility_target(ACCOUNT, target=D("0.1"), volatility=D(0)).reason


def test_kelly_is_the_coin_of_haghani_and_dewey() -> None:
    """Haghani and Dewey, Rational Decision-Making under Uncertainty, 2016: a coin of 60 % at even money: bet 20 %."""
    coin = {"win_rate": D("0.6"), "win_loss_ratio": D(1)}
    assert kelly(ACCOUNT, **coin, multiplier=D(1)).fraction == D("0.2")
    assert kelly(ACCOUNT, **coin).fraction == D("0.1")
    capped = kelly(ACCOUNT, **coin, multiplier=D(1), cap=D("0.05"))
    assert (capped.fraction, capped.limited_by) == (D("0.05"), "cap")


def test_kelly_without_an_edge_is_nothing_and_says_so() -> None:
    sized = kelly(ACCOUNT, win_rate=D("0.4"), win_loss_ratio=D("1.5"))
    assert (sized.shares, sized.fraction) == (0, 0)
    assert "no edge" in sized.reason


def test_less_than_one_share_is_nothing_and_says_so() -> None:
    whole = Account(equity=D(100), price=D(50), fractional=False)
    assert "one share" in fixed_fractional(whole, fraction=D("0.1")).reason


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        percent_risk(Account(equity=D(0), price=D("NaN")), risk_fraction=D(2), risk_per_share=D(-1))
    assert set(caught.value.errors) == {"equity", "price", "risk_fraction", "risk_per_share"}
    with pytest.raises(InvalidInput) as caught:
        kelly(ACCOUNT, win_rate=D("1.1"), win_loss_ratio=D(0), multiplier=D(0), cap=D("1.5"))
    assert set(caught.value.errors) == {"win_rate", "win_loss_ratio", "multiplier", "cap"}
    with pytest.raises(InvalidInput, match="stop"):
        stop_distance(price=D(50), stop=D(50))


@settings(max_examples=300, deadline=None)
@given(
    equity=st.decimals(min_value="0.01", max_value=10**9, places=2),
    price=st.decimals(min_value="0.0001", max_value=10**6, places=4),
    fraction=st.decimals(min_value="0.0001", max_value=5, places=4),
    most=st.decimals(min_value="0.0001", max_value=1, places=4),
    fractional=st.booleans(),
)
def test_no_size_is_worth_more_than_asked_or_allowed(
    equity: Decimal, price: Decimal, fraction: Decimal, most: Decimal, fractional: bool
) -> None:
    account = Account(equity=equity, price=price, fractional=fractional, max_fraction=most)
    sized = fixed_fractional(account, fraction=fraction)
    assert sized.shares * price <= min(fraction, most) * equity
    assert (sized.shares == 0) == bool(sized.reason)
