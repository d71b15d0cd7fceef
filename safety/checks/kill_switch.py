"""Nothing trades while a kill switch that reaches the order is on: global, user, portfolio, rule or agent."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "kill_switch"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    killed = case.snapshot.switches.killed
    if not killed:
        return _OK
    scopes = ", ".join(killed)
    return denied(
        NAME,
        "KILL_SWITCH_ACTIVE",
        f"The kill switch is on ({scopes}), so nothing is sent. Resume on the Safety page when you are ready.",
        scope=scopes,
    )


CHECK = Check(name=NAME, codes=("KILL_SWITCH_ACTIVE",), judge=judge)
