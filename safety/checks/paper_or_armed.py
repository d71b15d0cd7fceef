"""Paper by default. Real money needs a policy that allows it and an account armed by hand, for hours."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "paper_or_armed"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    account = case.snapshot.account
    if not account.live:
        return _OK
    if case.policy.paper_trading:
        return denied(
            NAME,
            "LIVE_NOT_ARMED",
            "This account trades real money, and your safety policy allows paper trading only. "
            "Turn paper trading off on the Safety page, then arm the account.",
            paper_trading=True,
        )
    if not account.armed:
        return denied(
            NAME,
            "LIVE_NOT_ARMED",
            "This account trades real money and is not armed. Arm it on the Safety page; it stays armed for 8 hours.",
            armed=False,
        )
    return _OK


CHECK = Check(name=NAME, codes=("LIVE_NOT_ARMED",), judge=judge)
