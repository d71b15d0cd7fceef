"""A goal over a market: bands, cooldown, its limits, refusals and no look-ahead."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from automation.backtest.course import Course
from automation.backtest.gating import Source
from automation.backtest.goal_run import Goal, GoalRun, allowances
from portfolios.planning.types import CostModel, GoalTerms
from safety.types import PolicyView
from tests.automation.backtest.making import course, daily, fills, perturbed, policy, walk

D = Decimal
HALVES = {"A": D("0.5"), "B": D("0.5")}


def go(bars: Any, *, cooldown: int = 0, limits: PolicyView | None = None, gate: Any = None, **terms: Any) -> GoalRun:
    given = GoalTerms(**{"targets": HALVES, "threshold": D("0.05"), **terms})
    on: Course = course(bars, source=Source.GOAL, limits=limits, allowances=allowances(given), **(gate or {}))
    run = GoalRun(goal=Goal(terms=given, cost=CostModel(), cooldown_days=cooldown), market=on.market, course=on)
    run.run()
    return run


def test_it_buys_at_the_first_open_and_rebalances_at_the_open_after_a_close_outside_the_band() -> None:
    bars = {"A": daily("A", [10, 10, (10, 20), (16, 16), 16]), "B": daily("B", [10] * 5)}
    run = go(bars)
    assert run.rebalanced == [0, 3]
    # Outside at the close of day 2 (A at 20: two thirds); traded at the open of day 3, at 16.
    trades = fills(run.course)
    assert [(t[0], t[1], round(float(t[2])), t[3]) for t in trades[:2]] == [
        (0, "buy A", 5000, "10.00"),
        (0, "buy B", 5000, "10.00"),
    ]
    assert [(t[0], t[1], t[3]) for t in trades[2:]] == [(3, "sell A", "16.00"), (3, "buy B", "10.00")]
    held = run.course.account.positions
    assert float(held["A"] * 16) == pytest.approx(float(held["B"] * 10), rel=1e-6)


def test_inside_the_band_nothing_is_done_and_a_cooldown_waits() -> None:
    calm = {"A": daily("A", [10, 11, 11, 10]), "B": daily("B", [10] * 4)}
    assert go(calm).rebalanced == [0]
    wild = {"A": daily("A", [10, 20, 40, 80, 160]), "B": daily("B", [10] * 5)}
    # Traded at an open that lies far beyond the close it was decided on, it is inside its band at the next close.
    assert go(wild).rebalanced == [0, 2, 4]
    assert go(wild, cooldown=3).rebalanced == [0, 3]


def test_cash_flow_only_never_sells() -> None:
    wild = {"A": daily("A", [10, 20, 40, 80, 160]), "B": daily("B", [10] * 5)}
    run = go(wild, cash_flow_only=True)
    assert all(trade.side == "buy" for trade in run.course.account.trades)


def test_a_run_that_would_be_denied_does_not_begin() -> None:
    bars = {"A": daily("A", [10] * 4), "B": daily("B", [10] * 4)}
    run = go(bars, limits=policy(max_daily_trades=1))
    assert run.course.account.trades == []
    assert run.course.gate.codes == {"DAILY_TRADE_CAP": 4}
    assert run.kept_apart == {"DAILY_TRADE_CAP": 4}


def test_a_goal_may_hold_its_target_whatever_the_position_limit() -> None:
    bars = {"A": daily("A", [10] * 3), "B": daily("B", [10] * 3)}
    run = go(bars, limits=policy(max_position_pct=D(10)))
    assert run.rebalanced == [0]
    assert run.course.gate.codes == {}
    assert allowances(GoalTerms(targets={"A": D("0.98"), "CASH": D("0.02")})) == {"A": D(100)}


def test_a_large_run_is_approved_or_blocked_as_chosen() -> None:
    bars = {"A": daily("A", [10] * 3), "B": daily("B", [10] * 3)}
    limits = policy(large_order_pct=D(5))
    assert go(bars, limits=limits).course.gate.approved == 2
    blocked = go(bars, limits=limits, gate={"approvals": "block"})
    assert blocked.course.gate.codes == {"APPROVAL_REQUIRED": 3}
    assert blocked.course.account.trades == []


@pytest.mark.parametrize("seed", range(4))
def test_other_future_bars_never_change_earlier_trades(seed: int) -> None:
    before = {"A": walk("A", 300, seed), "B": walk("B", 300, seed + 50)}
    after = {name: perturbed(bars, 150, seed + 99) for name, bars in before.items()}
    one, two = (go(bars, threshold=D("0.02")).course for bars in (before, after))
    assert [t for t in fills(one) if t[0] < 150] == [t for t in fills(two) if t[0] < 150]
    assert len([t for t in fills(one) if t[0] < 150]) > 4
