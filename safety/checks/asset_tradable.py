"""The instrument is known, active and tradable; demo instruments go to the paper broker only."""

from __future__ import annotations

from safety.case import Case, Check, denied, passed
from safety.types import CheckResult

NAME = "asset_tradable"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    symbol, instrument = case.order.symbol, case.instrument
    if instrument is None:
        problem = "is not a known instrument. Check the symbol"
    elif not instrument.active:
        problem = "is no longer active. Choose another symbol"
    elif not instrument.tradable:
        problem = "cannot be traded at the moment. Try again later or choose another symbol"
    elif instrument.demo and case.snapshot.account.kind != "paper":
        problem = "has demo prices and can be traded on a paper account only. Choose a symbol with real prices"
    else:
        return _OK
    return denied(NAME, "ASSET_NOT_TRADABLE", f"{symbol} {problem}.", symbol=symbol)


CHECK = Check(name=NAME, codes=("ASSET_NOT_TRADABLE",), judge=judge)
