"""At most so many orders under way at once."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "open_orders"


def judge(case: Case) -> CheckResult:
    would_be, limit = case.book.open_orders + 1, case.policy.max_open_orders
    if would_be <= limit:
        return passed(NAME, open_orders=str(would_be), limit=str(limit))
    return denied(
        NAME,
        "MAX_OPEN_ORDERS",
        f"{case.book.open_orders} orders are under way, the limit is {limit}. Wait, or cancel some.",
        open_orders=would_be,
        limit=limit,
    )


CHECK = Check(name=NAME, codes=("MAX_OPEN_ORDERS",), judge=judge, waived_when_reducing=True)
