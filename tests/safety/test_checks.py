"""Every check says no just beyond its limit and yes exactly at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from safety import checks
from safety.case import CODE_OF_FAILURE, Check, passed
from safety.checks import CHECKS, registry
from safety.gate import decide
from safety.types import Outcome
from tests.safety.examples import EXAMPLES, Example, holding, sell
from tests.safety.making import D, flight, order, snapshot

CODES = {code: check for check in CHECKS for code in check.codes}
DESIGNED = [
    "KILL_SWITCH_ACTIVE",
    "TRADING_HALTED",
    "STATE_REDUCING",
    "LIVE_NOT_ARMED",
    "ACCOUNT_BLOCKED",
    "RECONCILING",
    "UNKNOWN_ORDER_OPEN",
    "SYMBOL_NOT_ALLOWED",
    "ASSET_NOT_TRADABLE",
    "NOT_FRACTIONABLE",
    "QTY_INVALID",
    "PRICE_TICK",
    "MARKET_CLOSED",
    "QUOTE_STALE",
    "QUOTE_INVALID",
    "SPREAD_WIDE",
    "PRICE_COLLAR",
    "PRICE_JUMP",
    "MAX_ORDER_NOTIONAL",
    "MAX_POSITION",
    "MAX_GROSS",
    "MAX_OPEN_ORDERS",
    "BUYING_POWER",
    "OVERSELL",
    "OPPOSITE_ORDER_OPEN",
    "DUPLICATE_SUSPECT",
    "LOOP_SUSPECT",
    "RATE_LIMIT",
    "DAILY_TRADE_CAP",
    "DAILY_TURNOVER",
    "DAILY_LOSS",
    "DRAWDOWN",
    "RULE_NEEDS_REVIEW",
    "WASH_SALE_LOCK",
    "AGENT_LIMIT",
    "TAINTED_CONTEXT",
    "APPROVAL_REQUIRED",
    "INTENT_EXPIRED",
]


def test_every_file_of_the_folder_is_listed() -> None:
    files = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__"}
    assert {check.name for check in CHECKS} == files


def test_every_code_of_the_design_has_a_check_and_an_example() -> None:
    assert set(CODES) == set(DESIGNED)
    assert {example.code for example in EXAMPLES} == {*DESIGNED, CODE_OF_FAILURE}


def test_a_name_or_a_code_used_twice_is_refused() -> None:
    def judge(case: object) -> object:
        return passed("a")

    first = Check(name="a", codes=("A",), judge=judge)  # type: ignore[arg-type]
    for second in (
        Check(name="a", codes=("B",), judge=judge),  # type: ignore[arg-type]
        Check(name="b", codes=("A",), judge=judge),  # type: ignore[arg-type]
    ):
        with pytest.raises(ValueError, match="used by two checks"):
            registry([first, second])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.code}: {example.says}")
def test_beyond_and_at_the_limit(example: Example) -> None:
    verdict, approved = decide(*example.beyond)
    assert approved is None
    result = next(result for result in verdict.results if result.code == example.code)
    assert example.says in result.message
    assert result.outcome is (
        Outcome.NEEDS_APPROVAL if example.code in ("APPROVAL_REQUIRED", "PRICE_JUMP") else Outcome.DENY
    )
    verdict, _ = decide(*example.at)
    assert example.code not in {result.code for result in verdict.results}
    if example.code in CODES:
        name = CODES[example.code].name
        (result,) = [result for result in verdict.results if result.check == name]
        assert result.outcome in (Outcome.PASS, Outcome.SKIPPED)


def test_an_ordinary_order_passes_every_check() -> None:
    verdict, approved = decide(order(), snapshot())
    assert [result.check for result in verdict.results] == [check.name for check in CHECKS]
    assert verdict.outcome is Outcome.PASS
    assert approved is not None


WAIVED = {
    "order_notional",
    "position_size",
    "gross_exposure",
    "open_orders",
    "daily_trades",
    "loop_suspect",
    "daily_turnover",
    "daily_loss",
    "drawdown",
}


def test_a_stop_still_works_after_every_loss_limit() -> None:
    ruined = holding(
        "500",
        equity=D(50_000),
        trades_today=99,
        turnover_today=D(10**6),
        in_flight=tuple(flight(symbol="MSFT") for _ in range(30)),
        max_order_notional_pct=D(1),
        max_gross_pct=D(1),
        large_order_pct=D(200),
    )
    verdict, approved = decide(sell(quantity=D(500)), ruined)
    assert approved is not None
    assert {check.name for check in CHECKS if check.waived_when_reducing} == WAIVED
    assert {r.check for r in verdict.results if r.message == "The order reduces the position."} == WAIVED
    assert decide(order(), ruined)[1] is None
