"""A large order waits for a person. The threshold is an amount in dollars if set, else a share of the portfolio."""

from __future__ import annotations

from common.money import ZERO
from safety.case import Case, Check, money, needs_approval, passed, percent
from safety.types import CheckResult

NAME = "large_order"


def judge(case: Case) -> CheckResult:
    amount, policy = case.notional, case.policy
    if policy.large_order_amount is not None:
        limit, meaning = policy.large_order_amount, ""
    elif case.snapshot.equity is None:
        # A stop must not fail because another holding has no price: a person decides. Other orders are denied anyway.
        limit, meaning = ZERO, " because the portfolio cannot be valued at the moment"
    else:
        limit = case.share_of_equity(policy.large_order_pct)
        meaning = f" ({percent(policy.large_order_pct)} of the portfolio)"
    if amount <= limit:
        return passed(NAME, amount=f"{amount:.2f}", threshold=f"{limit:.2f}")
    if case.order.approved_by:
        return passed(NAME, amount=f"{amount:.2f}", threshold=f"{limit:.2f}", approved_by=case.order.approved_by)
    return needs_approval(
        NAME,
        "APPROVAL_REQUIRED",
        f"The order is for {money(amount)}, above {money(limit)}{meaning} a person approves. "
        "Approve or decline it on the Orders page.",
        amount=amount,
        threshold=limit,
    )


CHECK = Check(name=NAME, codes=("APPROVAL_REQUIRED",), judge=judge)
