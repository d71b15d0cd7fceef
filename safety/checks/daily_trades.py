"""At most so many orders on one exchange date."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "daily_trades"


def judge(case: Case) -> CheckResult:
    would_be, limit = case.snapshot.trades_today + 1, case.policy.max_daily_trades
    if would_be <= limit:
        return passed(NAME, trades=str(would_be), limit=str(limit))
    return denied(
        NAME,
        "DAILY_TRADE_CAP",
        f"{case.snapshot.trades_today} orders were placed on {case.snapshot.trading_date}, the limit is {limit} a day. "
        "Wait until tomorrow, or raise the limit on the Safety page.",
        trades=would_be,
        limit=limit,
    )


CHECK = Check(name=NAME, codes=("DAILY_TRADE_CAP",), judge=judge, waived_when_reducing=True)
