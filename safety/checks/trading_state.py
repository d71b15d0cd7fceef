"""ACTIVE trades; REDUCING admits what shrinks a position; HALTED admits only what a person sells by hand."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "trading_state"
BY_HAND = ("manual", "kill_flatten")
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    state = case.snapshot.switches.trading_state
    if state == "active":
        return _OK
    if state == "reducing":
        if case.reduces:
            return _OK
        return denied(
            NAME,
            "STATE_REDUCING",
            "Trading is set to reducing only: orders that shrink a position pass, this one does not. "
            "Set trading to active on the Safety page to open positions again.",
            state=state,
        )
    if case.reduces and case.order.source_kind in BY_HAND:
        return _OK
    return denied(
        NAME,
        "TRADING_HALTED",
        "Trading is halted: nothing automatic is sent, only what you sell by hand. "
        "Set trading to active on the Safety page to go on.",
        state=state,
    )


CHECK = Check(name=NAME, codes=("STATE_REDUCING", "TRADING_HALTED"), judge=judge)
