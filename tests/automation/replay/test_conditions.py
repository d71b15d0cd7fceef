"""Conditions over bars: false skips, unknown skips, and the rule tries again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from automation.replay.book import Terms
from automation.replay.engine import SKIPPED, Run
from automation.replay.feeds import Tape
from tests.automation.replay.making import daily, fills, rule, run

D = Decimal


def with_condition(kind: str, params: dict[str, Any], **fields: Any) -> Any:
    from automation.triggers.registry import TRIGGERS

    symbol = {"symbol": fields.pop("symbol")} if "symbol" in fields else {}
    condition = {"trigger_type": kind, "trigger_params": TRIGGERS[kind].parse(params), **symbol}
    return rule("price_below", {"threshold": "95"}, conditions=[condition], **fields)


def test_one_that_holds_lets_it_trade() -> None:
    assert fills(run(with_condition("price_above", {"threshold": "80"}), daily([100, 94, 93]))) == [(1, "94.00")]


def test_one_that_does_not_hold_skips_until_it_does() -> None:
    action = with_condition("price_below", {"threshold": "90"})
    done = run(action, daily([100, 94, 93, 89, 95]))
    assert [(one.bar, one.outcome) for one in done.firings] == [(1, SKIPPED), (3, "filled")]
    assert "does not hold" in done.firings[0].reason


def test_unknown_does_not_act() -> None:
    action = with_condition("ma_cross", {"short": 2, "long": 50, "direction": "down"})
    done = run(action, daily([100, 94, 93]))
    assert [one.outcome for one in done.firings] == [SKIPPED]
    assert "is unknown" in done.firings[0].reason


def test_averages_are_asked_which_side_they_are_on() -> None:
    falling = daily([110, 108, 106, 104, 102, 94, 93])
    down = with_condition("ma_cross", {"short": 2, "long": 3, "direction": "down"})
    up = with_condition("ma_cross", {"short": 2, "long": 3, "direction": "up"})
    assert fills(run(down, falling)) == [(5, "95.00")] or fills(run(down, falling)) == [(5, "94.00")]
    assert not fills(run(up, falling))


def test_another_symbol_is_asked_at_its_last_close() -> None:
    action = with_condition("price_above", {"threshold": "50"}, symbol="MSFT")
    bars, other = daily([100, 94, 93]), daily([40, 60, 60])
    tapes = {"MSFT": Tape(bars=other, daily=other)}
    done = Run(action, Tape(bars=bars, daily=bars), Terms(cash=D(100_000)), others=tapes).run()
    assert [(one.bar, one.outcome) for one in done.firings] == [(1, SKIPPED), (2, "filled")]
