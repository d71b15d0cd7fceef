"""At most so many orders a minute, per account and per symbol. Off unless set."""

from __future__ import annotations

from safety.book import MINUTE
from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "rate"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    order, since = case.order, case.snapshot.now - MINUTE
    for what, symbol, limit in (
        ("the account", None, case.policy.orders_per_minute),
        (order.symbol, order.symbol, case.policy.orders_per_minute_per_symbol),
    ):
        if limit is None:
            continue
        placed = case.book.placed_since(since, symbol=symbol, besides=order.order_id)
        if placed >= limit:
            return denied(
                NAME,
                "RATE_LIMIT",
                f"{placed} orders for {what} were placed within a minute, the limit is {limit}. Try again in a minute.",
                placed=placed,
                limit=limit,
            )
    return _OK


CHECK = Check(name=NAME, codes=("RATE_LIMIT",), judge=judge)
