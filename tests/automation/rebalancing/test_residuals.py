"""Each dollar that was planned filled or has a reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from automation.rebalancing.residuals import LegEnd, residuals_of, whole

D = Decimal
NUMBERS = st.decimals(0, D("1e5"), places=4)


def leg(**changes: Any) -> LegEnd:
    values: dict[str, Any] = {
        "number": 1, "symbol": "AAPL", "side": "buy", "planned": D(1000), "quantity": D(10), "price": D(100),
        "state": "filled", "filled": D(10), "filled_value": D(1000),
    }  # fmt: skip
    return LegEnd(**{**values, **changes})


def test_nothing_is_left_of_a_leg_that_was_done() -> None:
    assert residuals_of([leg()]) == []


def test_the_reasons() -> None:
    def only(**changes: Any) -> tuple[str, Decimal, str]:
        (one,) = residuals_of([leg(**changes)])
        return one.code, one.amount, one.reason

    none = {"filled": D(0), "filled_value": D(0)}
    assert only(filled_value=D("1001")) == ("PRICE", D(-1), "filled at 100.1 instead of 100")
    assert only(state="blocked", code="MAX_POSITION", reason="Too much.", **none) == (
        "MAX_POSITION", D(1000), "denied by the safety gate: Too much.",
    )  # fmt: skip
    assert only(state="rejected", code="HALTED", **none) == ("HALTED", D(1000), "rejected by the broker")
    assert only(state="cancelled", filled=D(4), filled_value=D(400)) == (
        "CANCELLED", D(600), "cancelled before it filled; 4 of 10 shares filled",
    )  # fmt: skip
    assert only(state="", code="KILL_SWITCH_ACTIVE", reason="Pulled.", **none) == (
        "KILL_SWITCH_ACTIVE", D(1000), "it was not ordered: Pulled.",
    )  # fmt: skip
    assert only(quantity=D(0), sized_code="CASH", sized_reason="$0.00 of cash was left for it", **none) == (
        "CASH", D(1000), "$0.00 of cash was left for it",
    )  # fmt: skip


@given(planned=NUMBERS, quantity=NUMBERS, price=NUMBERS, share=st.integers(0, 10), value=NUMBERS)
def test_they_add_up_to_what_did_not_trade(
    planned: Decimal, quantity: Decimal, price: Decimal, share: int, value: Decimal
) -> None:
    end = leg(planned=planned, quantity=quantity, price=price, filled=quantity * share / 10, filled_value=value)
    assert sum((one.amount for one in residuals_of([end])), D(0)) == planned - value


def test_whole_looks_at_the_symbol_not_at_its_parts() -> None:
    parts = [leg(planned=D(990)), leg(number=2, planned=D(1010))]
    assert whole(parts, tolerance=D(1))
    assert not whole([leg(planned=D(1010))], tolerance=D(1))
    assert not whole([leg(filled=D(9))], tolerance=D(1))
