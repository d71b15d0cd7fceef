"""A rule whose orders failed several times in a row waits until a person has looked at it."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "rule_review"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    failures, limit = case.order.rule_failures, case.policy.failures_before_review
    if failures < limit:
        return _OK
    return denied(
        NAME,
        "RULE_NEEDS_REVIEW",
        f"The last {failures} attempts of this rule failed, it stops after {limit}. "
        "See why on its page, then resume the rule.",
        failures=failures,
        limit=limit,
    )


CHECK = Check(name=NAME, codes=("RULE_NEEDS_REVIEW",), judge=judge)
