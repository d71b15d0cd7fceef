"""Only symbols the user's lists allow."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "symbol_allowed"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    symbol, policy = case.order.symbol, case.policy
    if symbol in policy.symbol_blacklist:
        return denied(
            NAME,
            "SYMBOL_NOT_ALLOWED",
            f"{symbol} is on your list of symbols never to trade. Take it off the blacklist on the Safety page first.",
            symbol=symbol,
            list="blacklist",
        )
    if policy.symbol_whitelist and symbol not in policy.symbol_whitelist:
        return denied(
            NAME,
            "SYMBOL_NOT_ALLOWED",
            f"{symbol} is not among the symbols you allow. Add it to the whitelist on the Safety page first.",
            symbol=symbol,
            list="whitelist",
        )
    return _OK


CHECK = Check(name=NAME, codes=("SYMBOL_NOT_ALLOWED",), judge=judge)
