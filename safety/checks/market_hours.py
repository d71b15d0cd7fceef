"""Orders go out in the regular session of the exchange; in extended hours only limit orders, and only if opted in."""

from __future__ import annotations

from safety.case import Case, Check, MissingInput, denied, passed
from safety.types import CheckResult

NAME = "market_hours"
_OK = passed(NAME)


def judge(case: Case) -> CheckResult:
    instrument = case.instrument
    if instrument is None:
        raise MissingInput(f"{case.order.symbol} is not a known instrument, so its trading hours are unknown.")
    if instrument.market_open:
        return _OK
    opens = f"{instrument.next_open:%Y-%m-%d %H:%M} UTC" if instrument.next_open else "the next session"
    if not instrument.extended_open or not case.policy.extended_hours:
        advice = f"Wait until it opens again at {opens}."
    elif case.order.order_type == "limit":
        return _OK
    else:
        advice = f"In extended hours only limit orders are sent: use one, or wait until {opens}."
    return denied(
        NAME,
        "MARKET_CLOSED",
        f"The market for {case.order.symbol} is closed. {advice}",
        symbol=case.order.symbol,
        next_open=instrument.next_open.isoformat() if instrument.next_open else "",
    )


CHECK = Check(name=NAME, codes=("MARKET_CLOSED",), judge=judge)
