"""One symbol is at most so much of the portfolio, counting buys under way; a goal may allow more for its symbols."""

from __future__ import annotations

from common.money import ZERO, percent_of
from safety.case import Case, Check, MissingInput, denied, money, passed, percent
from safety.types import CheckResult

NAME = "position_size"


def judge(case: Case) -> CheckResult:
    symbol, equity = case.order.symbol, case.equity
    allowance = case.snapshot.position_allowances.get(symbol)
    percentage = case.policy.max_position_pct if allowance is None else max(allowance, case.policy.max_position_pct)
    value = case.notional + case.book.flight(symbol).buy_value
    if case.held:
        price = case.snapshot.prices.get(symbol)
        if price is None:
            raise MissingInput(f"{symbol} is held and has no price, so the position's size is unknown.")
        value += case.held * price
    limit = case.share_of_equity(percentage)
    if value <= limit:
        return passed(NAME, value=f"{value:.2f}", limit=f"{limit:.2f}")
    share = f"{percent(percent_of(value, equity))} of the portfolio" if equity > ZERO else "more than the portfolio"
    room = max(limit - value + case.notional, ZERO)
    return denied(
        NAME,
        "MAX_POSITION",
        f"{symbol} would be {share} ({money(value)} with orders under way), "
        f"the limit is {percent(percentage)}: buy for at most {money(room)} "
        "or raise the limit on the Safety page.",
        value=value,
        limit=limit,
        limit_pct=percentage,
    )


CHECK = Check(name=NAME, codes=("MAX_POSITION",), judge=judge, waived_when_reducing=True)
