"""A last price far from the previous close may be a split or a bad print: a person looks first."""

from __future__ import annotations

from common.money import HUNDRED, dollars
from safety.case import Case, Check, MissingInput, needs_approval, passed, percent, skipped
from safety.types import CheckResult

NAME = "price_jump"
_NO_CLOSE = skipped(NAME, "There is no previous close to compare with.")


def judge(case: Case) -> CheckResult:
    quote = case.quote
    if quote is None:
        raise MissingInput(f"{case.order.symbol} has no quote to compare with its previous close.")
    if not quote.prev_close:
        return _NO_CLOSE
    jump = (quote.last / quote.prev_close - 1) * HUNDRED
    limit = case.policy.price_jump_pct
    if abs(jump) <= limit:
        return passed(NAME, jump_pct=f"{jump:.2f}")
    if case.order.approved_by:
        return passed(NAME, jump_pct=f"{jump:.2f}", approved_by=case.order.approved_by)
    return needs_approval(
        NAME,
        "PRICE_JUMP",
        f"{case.order.symbol} is at {dollars(quote.last)}, {percent(jump)} from its previous close "
        f"{dollars(quote.prev_close)}; beyond {percent(limit)} it may be a split or a wrong price. "
        "Look at it and approve the order if it is right.",
        jump_pct=jump,
        limit_pct=limit,
    )


CHECK = Check(name=NAME, codes=("PRICE_JUMP",), judge=judge)
