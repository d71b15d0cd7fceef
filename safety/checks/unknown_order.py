"""No new order in a symbol while the outcome of another one is unknown: it may have filled."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "unknown_order"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    unknown = case.book.flight(case.order.symbol).unknown
    if not unknown:
        return _OK
    return denied(
        NAME,
        "UNKNOWN_ORDER_OPEN",
        f"The outcome of {unknown} earlier order(s) in {case.order.symbol} is not known yet. "
        "They are being looked up at the broker: try again when they are settled.",
        symbol=case.order.symbol,
        unknown=unknown,
    )


CHECK = Check(name=NAME, codes=("UNKNOWN_ORDER_OPEN",), judge=judge)
