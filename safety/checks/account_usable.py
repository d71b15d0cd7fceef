"""The broker account may trade, and what we believe about it agrees with the broker."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "account_usable"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    account = case.snapshot.account
    if not account.usable:
        reason = account.blocked_reason or "no reason given"
        return denied(
            NAME,
            "ACCOUNT_BLOCKED",
            f"The {account.kind} account cannot trade: {reason}. Solve it with the broker, then try again.",
            reason=reason,
        )
    if not account.reconciled:
        return denied(
            NAME,
            "RECONCILING",
            f"The {account.kind} account is being compared with our books. It takes seconds: try again then.",
        )
    return _OK


CHECK = Check(name=NAME, codes=("ACCOUNT_BLOCKED", "RECONCILING"), judge=judge)
