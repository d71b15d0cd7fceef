"""All orders of one exchange date together are at most so much of the portfolio."""

from __future__ import annotations

from safety.case import Case, Check, denied, money, passed, percent
from safety.types import CheckResult

NAME = "daily_turnover"


def judge(case: Case) -> CheckResult:
    limit = case.share_of_equity(case.policy.daily_turnover_pct)
    turnover = case.snapshot.turnover_today + case.notional
    if turnover <= limit:
        return passed(NAME, turnover=f"{turnover:.2f}", limit=f"{limit:.2f}")
    return denied(
        NAME,
        "DAILY_TURNOVER",
        f"Orders of {case.snapshot.trading_date} would come to {money(turnover)}, the limit is {money(limit)} a day "
        f"({percent(case.policy.daily_turnover_pct)} of the portfolio). Order less, or wait until tomorrow.",
        turnover=turnover,
        limit=limit,
    )


CHECK = Check(name=NAME, codes=("DAILY_TURNOVER",), judge=judge, waived_when_reducing=True)
