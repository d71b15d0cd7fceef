"""After a bad day only positions may be reduced. The loss is against the equity the day began with, transfers aside."""

from __future__ import annotations

from common.money import ZERO, percent_of
from safety.case import Case, Check, MissingInput, denied, money, passed, percent
from safety.types import CheckResult

NAME = "daily_loss"


def judge(case: Case) -> CheckResult:
    began = case.snapshot.day_start_equity
    if began is None:
        raise MissingInput("What the portfolio was worth when the day began is unknown, so its loss is too.")
    loss = began - case.equity
    lost = percent_of(loss, began)
    limit = min(case.policy.daily_loss_reduce_pct, case.policy.daily_loss_halt_pct)
    if loss <= ZERO or (began > ZERO and lost < limit):
        return passed(NAME, loss_pct=f"{lost:.2f}", limit_pct=f"{limit:.2f}")
    return denied(
        NAME,
        "DAILY_LOSS",
        f"The portfolio lost {percent(lost)} today ({money(loss)}), the limit is {percent(limit)}: "
        "only orders that reduce a position pass. Wait until tomorrow, or raise the limit on the Safety page.",
        loss=loss,
        loss_pct=lost,
        limit_pct=limit,
    )


CHECK = Check(name=NAME, codes=("DAILY_LOSS",), judge=judge, waived_when_reducing=True)
