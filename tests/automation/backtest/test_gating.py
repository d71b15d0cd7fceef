"""The real gate over the simulated account: limits deny with their codes, large orders are approved or blocked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from safety.models import SafetyPolicy
from safety.policies import as_view
from tests.automation.backtest.making import Scripted, course, daily, fills, go, policy

D = Decimal
FLAT = [10] * 6


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        ({"max_position_pct": D(9)}, "MAX_POSITION"),
        ({"max_order_notional_pct": D(9)}, "MAX_ORDER_NOTIONAL"),
        ({"daily_turnover_pct": D(9)}, "DAILY_TURNOVER"),
        ({"max_gross_pct": D(9)}, "MAX_GROSS"),
        ({"max_daily_trades": 0}, "DAILY_TRADE_CAP"),
        ({"symbol_whitelist": ("MSFT",)}, "SYMBOL_NOT_ALLOWED"),
        ({"max_open_orders": 0}, "MAX_OPEN_ORDERS"),
    ],
)
def test_limits_deny_with_their_codes(limit: dict[str, object], code: str) -> None:
    done = go(Scripted({"A": [1, 1, 1, 1, 1, 1]}), course({"A": daily("A", FLAT)}, limits=policy(**limit)))
    assert fills(done) == []
    assert set(done.gate.codes) == {code}
    assert done.gate.denials[0].message
    assert done.gate.denials[0].at == 1


def test_buying_power_counts_the_cushion() -> None:
    limits = policy(buying_power_cushion_pct=D(2))
    done = go(Scripted({"A": [1] * 6}), course({"A": daily("A", FLAT)}, limits=limits), fraction="100")
    assert set(done.gate.codes) == {"BUYING_POWER"}


def test_a_large_order_is_approved_or_blocked_as_chosen() -> None:
    limits = policy(large_order_pct=D(5))
    approved = go(Scripted({"A": [1] * 6}), course({"A": daily("A", FLAT)}, limits=limits))
    assert (len(fills(approved)), approved.gate.approved, dict(approved.gate.codes)) == (1, 1, {})
    blocked = go(Scripted({"A": [1] * 6}), course({"A": daily("A", FLAT)}, limits=limits, approvals="block"))
    assert (fills(blocked), blocked.gate.approved, dict(blocked.gate.codes)) == ([], 0, {"APPROVAL_REQUIRED": 3})


def test_after_a_loss_only_reductions_pass() -> None:
    limits = policy(drawdown_halt_pct=D(10))
    bars = {"A": daily("A", [100, 100, 50, 50, 50, 50]), "B": daily("B", FLAT)}
    signals = {"A": [1, 1, 1, 0, 0, 0], "B": [0, 0, 1, 1, 1, 1]}
    done = go(Scripted(signals), course(bars, limits=limits), fraction="40")
    assert [(t[0], t[1]) for t in fills(done)] == [(1, "buy A"), (4, "sell A")]
    assert set(done.gate.codes) == {"DRAWDOWN"}


def test_orders_of_one_open_see_each_other() -> None:
    bars = {name: daily(name, FLAT) for name in ("A", "B", "C")}
    done = go(Scripted({name: [1] * 6 for name in bars}), course(bars, limits=policy(max_daily_trades=2)))
    assert [t[1] for t in fills(done)] == ["buy A", "buy B", "buy C"]
    assert [t[0] for t in fills(done)] == [1, 1, 2]  # the third had to wait for the next day
    assert done.gate.codes == {"DAILY_TRADE_CAP": 1}


def test_the_day_counts_from_the_close_before() -> None:
    limits = policy(daily_loss_reduce_pct=D(3), daily_loss_halt_pct=D(4))
    bars = {"A": daily("A", [100, 100, (80, 80), 80, 80]), "B": daily("B", [10] * 5)}
    signals = {"A": [1, 1, 1, 1, 1], "B": [0, 1, 1, 1, 1]}
    done = go(Scripted(signals), course(bars, limits=limits), fraction="20")
    # At the open of day 2 the account is down by 4 % since the last close: denied. The next day has lost nothing.
    assert dict(done.gate.codes) == {"DAILY_LOSS": 1}
    assert [(t[0], t[1]) for t in fills(done)] == [(1, "buy A"), (3, "buy B")]


def test_limits_out_of_the_box_hold_a_position_to_a_tenth() -> None:
    usual = as_view(SafetyPolicy())
    done = go(Scripted({"A": [1] * 6}), course({"A": daily("A", FLAT)}, limits=usual), fraction="11")
    assert set(done.gate.codes) == {"MAX_POSITION"}
    done = go(Scripted({"A": [1] * 6}), course({"A": daily("A", FLAT)}, limits=usual), fraction="10")
    assert done.gate.approved == 1  # above 5 %: a person approves
