"""Everything held and being bought together is at most so much of the portfolio: 100 % means nothing borrowed."""

from __future__ import annotations

from safety.case import Case, Check, MissingInput, denied, money, passed, percent
from safety.types import CheckResult

NAME = "gross_exposure"


def judge(case: Case) -> CheckResult:
    if case.book.unpriced:
        raise MissingInput(f"Exposure is unknown: {', '.join(case.book.unpriced)} has no price. Wait for its quote.")
    limit = case.share_of_equity(case.policy.max_gross_pct)
    exposure = case.book.held_value + case.book.buy_value + case.notional
    if exposure <= limit:
        return passed(NAME, exposure=f"{exposure:.2f}", limit=f"{limit:.2f}")
    return denied(
        NAME,
        "MAX_GROSS",
        f"Holdings and buys under way would come to {money(exposure)}, the limit is {money(limit)} "
        f"({percent(case.policy.max_gross_pct)} of the portfolio). Buy less or sell something first.",
        exposure=exposure,
        limit=limit,
    )


CHECK = Check(name=NAME, codes=("MAX_GROSS",), judge=judge, waived_when_reducing=True)
