"""The state machine as a table: what follows from what the rows say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.rebalancing.deciding import Ending, LegView, RunView, Step, decide, outcome
from automation.rebalancing.states import OPEN, TERMINAL, TRANSITIONS, RunState, may_become
from tests.orders.making import NOW

MINUTE = timedelta(minutes=1)
SELL, BUY = LegView(side="sell", placed=False, open=False), LegView(side="buy", placed=False, open=False)
WORKING = LegView(side="sell", placed=True, open=True)
SOLD = LegView(side="sell", placed=True, open=False)
BUYING, BOUGHT = LegView(side="buy", placed=True, open=True), LegView(side="buy", placed=True, open=False)


def run(state: str, *legs: LegView, **changes: Any) -> RunView:
    values: dict[str, Any] = {
        "asks": False,
        "expires_at": NOW + 15 * MINUTE,
        "until": NOW + 5 * MINUTE,
        "deadline": NOW + 15 * MINUTE,
        "stopped": "",
    }
    return RunView(state=state, legs=legs, **{**values, **changes})


LATE = {"until": NOW - MINUTE}
OLD = {"until": NOW - MINUTE, "deadline": NOW - MINUTE}
TABLE = {
    "a small one begins": (run("planned", SELL, BUY), Step.BEGIN, None),
    "a large one asks": (run("planned", SELL, asks=True), Step.ASK, None),
    "a person is waited for": (run("awaiting_approval", SELL, asks=True), Step.WAIT, None),
    "not for ever": (run("awaiting_approval", SELL, asks=True, expires_at=NOW), Step.END, Ending.TOO_LATE),
    "nor for a worker": (run("planned", SELL, expires_at=NOW), Step.END, Ending.TOO_LATE),
    "stopped before it began": (run("planned", SELL, stopped="KILL"), Step.END, Ending.STOPPED),
    "the sells are placed": (run("selling", SELL, BUY), Step.PLACE, None),
    "only those without an order": (run("selling", WORKING, SELL), Step.PLACE, None),
    "they are waited for": (run("selling", WORKING, BUY), Step.WAIT, None),
    "for five minutes": (run("selling", WORKING, BUY, **LATE), Step.CANCEL, None),
    "then the buys are sized": (run("selling", SOLD, BUY), Step.REPLAN, None),
    "late sells are left out": (run("selling", SOLD, SELL, BUY, **LATE), Step.REPLAN, None),
    "without sells at once": (run("selling", BUY), Step.REPLAN, None),
    "the buys are placed": (run("buying", SOLD, BUY), Step.PLACE, None),
    "and waited for": (run("buying", SOLD, BUYING), Step.WAIT, None),
    "then it is over": (run("buying", SOLD, BOUGHT), Step.END, Ending.DONE),
    "stopped with open orders": (run("selling", WORKING, BUY, stopped="KILL"), Step.CANCEL, None),
    "and then at its end": (run("selling", SOLD, BUY, stopped="KILL"), Step.END, Ending.STOPPED),
    "too old to order anything": (run("selling", SELL, BUY, **OLD), Step.END, Ending.TOO_LATE),
    "too old to buy": (run("selling", SOLD, BUY, **OLD), Step.END, Ending.DONE),
    "too old, something open": (run("buying", SOLD, BUYING, **OLD), Step.CANCEL, None),
}


@pytest.mark.parametrize("name", TABLE)
def test_what_comes_next(name: str) -> None:
    view, step, ending = TABLE[name]
    found = decide(view, NOW)
    assert (found.step, found.ending) == (step, ending)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_one_that_is_over_is_not_asked_about(state: str) -> None:
    with pytest.raises(ValueError, match="nothing left to do"):
        decide(run(state), NOW)


LEGS = st.builds(LegView, side=st.sampled_from(["sell", "buy"]), placed=st.booleans(), open=st.just(False)) | st.builds(
    LegView, side=st.sampled_from(["sell", "buy"]), placed=st.just(True), open=st.booleans()
)


@given(
    state=st.sampled_from(sorted(OPEN)),
    legs=st.lists(LEGS, max_size=5),
    asks=st.booleans(),
    stopped=st.sampled_from(["", "CANCELLED"]),
    minutes=st.tuples(*[st.integers(-20, 20)] * 3),
)
def test_nothing_is_ordered_once_it_is_stopped_or_old_and_it_never_ends_with_an_open_order(
    state: str, legs: list[LegView], asks: bool, stopped: str, minutes: tuple[int, int, int]
) -> None:
    expires, until, deadline = (NOW + n * MINUTE for n in minutes)
    view = run(state, *legs, asks=asks, stopped=stopped, expires_at=expires, until=until, deadline=deadline)
    found = decide(view, NOW)
    begun = state in ("selling", "buying")
    if found.step in (Step.PLACE, Step.REPLAN):
        assert begun
        assert not stopped
        assert deadline > NOW
    if found.step is Step.BEGIN:
        assert not asks
        assert not stopped
    if found.step is Step.END and begun:
        assert not any(leg.open for leg in legs)
    if found.step is Step.WAIT:
        assert found.at is not None
        assert found.at > NOW


def test_the_endings() -> None:
    def end(ending: Ending, **facts: bool) -> str:
        return outcome(ending=ending, **{"placed": True, "filled": True, "whole": True, **facts})

    assert end(Ending.DONE) == "completed"
    assert end(Ending.DONE, whole=False) == "completed_with_residuals"
    assert end(Ending.DONE, whole=False, filled=False) == "failed"
    assert end(Ending.STOPPED) == "cancelled_mid_run"
    assert end(Ending.STOPPED, placed=False) == "cancelled"
    assert end(Ending.TOO_LATE, placed=False) == "expired"


def test_every_state_is_either_open_or_over_and_every_way_leads_out() -> None:
    assert set(RunState) == OPEN | TERMINAL
    assert all(any(to in TERMINAL for to in ways) for ways in TRANSITIONS.values())
    assert may_become(RunState.SELLING, RunState.BUYING)
    assert not may_become(RunState.BUYING, RunState.SELLING)
    assert not any(may_become(state, to) for state in TERMINAL for to in RunState)
