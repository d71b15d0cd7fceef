"""The trigger `signal`: parameters, and firings when a strategy begins to signal the side."""

from __future__ import annotations

from datetime import date

import pytest

from automation import observing
from automation.models import Action
from automation.triggers.base import BadParams
from automation.triggers.signal import SIGNAL
from common.errors import InvalidInput
from tests.automation.making import executions, rule
from tests.automation.strategies.making import (
    DAY,
    DOWN,
    MIDNIGHT,
    SOON,
    UP,
    daily,
    judge,
    open_days,
    strategy,
)
from tests.orders.making import Desk

ID = "01a219ae-a12a-7871-9eaa-ccb8ed9d0e03"


def test_parameters_are_checked() -> None:
    assert SIGNAL.parse({"strategy": ID.upper()}) == {"strategy": ID, "side": "long"}
    with pytest.raises(BadParams) as caught:
        SIGNAL.parse({"strategy": "momentum", "side": "up", "sides": 1})
    assert set(caught.value.errors) == {"strategy", "side", "sides"}


def test_it_watches_the_side_of_the_rules_symbol() -> None:
    spec = SIGNAL.plan({"strategy": ID, "side": "flat"}, "AAPL").spec
    assert (spec.series.subject, spec.series.observable, spec.primes) == ("AAPL", f"signal:{ID}:flat", True)
    assert len(spec.series.observable) <= 80
    assert SIGNAL.sentence({"strategy": ID, "side": "flat", "name": "Mine"}, "AAPL") == (
        "the strategy Mine begins to signal flat for AAPL"
    )


def listening(desk: Desk, made: object, side: str, **changes: object) -> Action:
    params = {"strategy": str(made.id), "side": side}
    return rule(desk, now=MIDNIGHT, trigger_type="signal", trigger_params=params, **changes)


def next_bar(made: object, close: int, n: int) -> int:
    """One more bar, judged; returns how many rules fired."""
    daily("AAPL", [close], last=date(2026, 11, 19) + n * DAY)
    judge(made, at=SOON + n * DAY)
    return observing.observe(now=SOON + n * DAY)


def test_a_rule_fires_when_the_strategy_turns_and_not_before(desk: Desk) -> None:
    open_days()
    daily("AAPL", DOWN)
    made = strategy(desk)
    long, short = listening(desk, made, "long", max_executions=None), listening(desk, made, "short")
    assert long.trigger_params["name"] == made.name
    judge(made)
    assert observing.observe(now=SOON) == 0  # short already, so nothing begins
    assert next_bar(made, 99, 1) == 0
    assert next_bar(made, 200, 2) == 1
    assert next_bar(made, 201, 3) == 0  # still long
    assert next_bar(made, 50, 4) == 1
    assert next_bar(made, 300, 5) == 1
    assert (len(executions(long)), len(executions(short))) == (2, 1)


def test_a_rule_made_between_two_bars_fires_at_the_first_turn(desk: Desk) -> None:
    open_days()
    daily("AAPL", UP)
    made = strategy(desk)
    judge(made)
    action = listening(desk, made, "short")
    assert next_bar(made, 50, 1) == 1
    assert executions(action)[0].observation["value"] == "1"


def test_unknown_and_late_signals_fire_nothing(desk: Desk) -> None:
    open_days()
    daily("AAPL", UP)
    made = strategy(desk)
    judge(made)
    listening(desk, made, "short")
    judge(made, at=SOON + DAY + 15 * (SOON - MIDNIGHT) * 2)  # its bar never came
    assert observing.observe(now=SOON + DAY + 15 * (SOON - MIDNIGHT) * 2) == 0
    daily("AAPL", [50, 40], last=date(2026, 11, 21))
    late = SOON + 2 * DAY + (SOON - MIDNIGHT) * 60
    judge(made, at=late)
    assert observing.observe(now=late) == 0
    assert next_bar(made, 30, 3) == 0  # it began yesterday, when nobody looked in time
    assert next_bar(made, 300, 4) == 0
    assert next_bar(made, 20, 5) == 1


def test_a_rule_must_name_a_strategy_of_ones_own_that_knows_the_symbol(desk: Desk, other: Desk) -> None:
    open_days()
    theirs, mine = strategy(other), strategy(desk, symbols=["MSFT"])
    for made, message in ((theirs, "is not one of your strategies"), (mine, "does not work on AAPL: it works on MSFT")):
        with pytest.raises(InvalidInput) as caught:
            listening(desk, made, "long")
        assert message in caught.value.errors["trigger_params.strategy"][0]
