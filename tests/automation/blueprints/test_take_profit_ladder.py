from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from automation.blueprints.base import Stock
from automation.blueprints.take_profit_ladder import TAKE_PROFIT_LADDER
from tests.automation.blueprints.facts import D, drafts, refused


def test_equal_parts_each_at_a_higher_price() -> None:
    made = drafts(TAKE_PROFIT_LADDER, symbol="AAPL", steps=4, first_percent="5", step_percent="2.5")
    assert [rule["quantity"] for rule in made] == ["25"] * 4
    assert [rule["trigger_params"]["threshold"] for rule in made] == ["105", "107.5", "110", "112.5"]


@given(
    st.decimals("0.000000001", "100000", places=9),
    st.integers(2, 10),
    st.booleans(),
    st.decimals("0.01", "9", places=2),
)
def test_the_parts_add_up_to_the_position_and_the_levels_rise(held, steps, fractional, percent) -> None:
    held = held if fractional else Decimal(int(held) + 10)
    stock = Stock(symbol="AAPL", held=held, last=D("33.33"), fractionable=fractional)
    if fractional and held / steps < D("0.000000001"):
        assert "steps" in refused(TAKE_PROFIT_LADDER, stock, symbol="AAPL", steps=steps)
        return
    made = drafts(TAKE_PROFIT_LADDER, stock, symbol="AAPL", steps=steps, step_percent=str(percent))
    quantities = [Decimal(rule["quantity"]) for rule in made]
    assert sum(quantities) == held
    assert all(quantity > 0 and (fractional or quantity % 1 == 0) for quantity in quantities)
    levels = [Decimal(rule["trigger_params"]["threshold"]) for rule in made]
    assert levels == sorted(levels)
    assert levels[0] > D("33.33")


def test_what_cannot_be() -> None:
    whole = Stock(symbol="AAPL", held=D(2), last=D(10), fractionable=False)
    assert "less than a share" in refused(TAKE_PROFIT_LADDER, whole, symbol="AAPL", steps=3)["steps"]
    assert set(refused(TAKE_PROFIT_LADDER, symbol="AAPL", steps=11)) == {"steps"}
