"""One order is at most so much of the portfolio."""

from __future__ import annotations

from safety.case import Case, Check, denied, money, passed, percent
from safety.types import CheckResult

NAME = "order_notional"


def judge(case: Case) -> CheckResult:
    limit = case.share_of_equity(case.policy.max_order_notional_pct)
    notional = case.notional
    if notional <= limit:
        return passed(NAME, notional=f"{notional:.2f}", limit=f"{limit:.2f}")
    return denied(
        NAME,
        "MAX_ORDER_NOTIONAL",
        f"The order is for {money(notional)}, one order may be {money(limit)} "
        f"({percent(case.policy.max_order_notional_pct)} of the portfolio). Order less, or split it.",
        notional=notional,
        limit=limit,
    )


CHECK = Check(name=NAME, codes=("MAX_ORDER_NOTIONAL",), judge=judge, waived_when_reducing=True)
