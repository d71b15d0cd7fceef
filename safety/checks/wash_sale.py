"""When the lock is on, nothing is bought within 30 days after it was sold at a loss: the loss would not count.

US wash sales, IRC §1091. Only sales of this portfolio are known; the rule counts all of one's accounts.
"""

from __future__ import annotations

from datetime import timedelta

from safety.case import Case, Check, denied, passed, skipped
from safety.types import CheckResult

NAME = "wash_sale"
DAYS = 30
_OFF = skipped(NAME, "The wash-sale lock is off.")
_NO_PURCHASE = skipped(NAME, "The order buys nothing.")


def judge(case: Case) -> CheckResult:
    order, snapshot = case.order, case.snapshot
    if not case.policy.wash_sale_lock:
        return _OFF
    if order.side != "buy":
        return _NO_PURCHASE
    sold = snapshot.loss_sales.get(order.symbol)
    if sold is None or sold <= snapshot.now - timedelta(days=DAYS):
        return passed(NAME)
    free = sold + timedelta(days=DAYS)
    return denied(
        NAME,
        "WASH_SALE_LOCK",
        f"{order.symbol} was sold at a loss on {sold:%Y-%m-%d} (UTC), and the wash-sale lock holds buys for {DAYS} "
        f"days: buy after {free:%Y-%m-%d %H:%M} UTC, buy something else, or switch wash_sale_lock off on the Safety "
        "page.",
        sold_on=f"{sold:%Y-%m-%d}",
        free_at=free.isoformat(),
    )


CHECK = Check(name=NAME, codes=("WASH_SALE_LOCK",), judge=judge)
