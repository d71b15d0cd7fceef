"""Far below its highest value, the portfolio takes no new risk until a person has looked."""

from __future__ import annotations

from common.money import ZERO, percent_of
from safety.case import Case, Check, MissingInput, denied, money, passed, percent
from safety.types import CheckResult

NAME = "drawdown"


def judge(case: Case) -> CheckResult:
    recorded = case.snapshot.peak_equity
    if recorded is None:
        raise MissingInput("The portfolio's highest value is unknown, so its drawdown is too.")
    equity = case.equity
    peak = max(recorded, equity)
    down = percent_of(peak - equity, peak)
    limit = case.policy.drawdown_halt_pct
    if peak == equity or (peak > ZERO and down < limit):
        return passed(NAME, drawdown_pct=f"{down:.2f}", limit_pct=f"{limit:.2f}")
    return denied(
        NAME,
        "DRAWDOWN",
        f"The portfolio is {percent(down)} below its highest value {money(peak)}, the limit is {percent(limit)}: "
        "only orders that reduce a position pass. Raise the limit on the Safety page to go on.",
        drawdown_pct=down,
        limit_pct=limit,
        peak=peak,
    )


CHECK = Check(name=NAME, codes=("DRAWDOWN",), judge=judge, waived_when_reducing=True)
