"""There is a quote; it is fresh, its sides make sense, and its spread is narrow."""

from __future__ import annotations

from datetime import timedelta

from common.money import HUNDRED, ZERO, plain
from safety.case import Case, Check, denied, passed, percent
from safety.types import CheckResult, QuoteView

NAME = "quote"


def judge(case: Case) -> CheckResult:
    symbol, quote = case.order.symbol, case.quote
    if quote is None:
        return denied(NAME, "QUOTE_STALE", f"There is no quote for {symbol} yet. Wait until its feed delivers.")
    age = case.snapshot.now - quote.at
    most = timedelta(seconds=case.policy.quote_max_age_seconds)
    if age > most or age < -most:
        seconds = age.total_seconds()
        when = f"{seconds:.0f} s old" if seconds > 0 else f"dated {-seconds:.0f} s in the future"
        return denied(
            NAME,
            "QUOTE_STALE",
            f"The quote of {symbol} is {when}, the limit is {most.seconds} s. Wait for a fresh one, or check the feed.",
            age_seconds=f"{seconds:.1f}",
            limit_seconds=case.policy.quote_max_age_seconds,
        )
    bid, ask = quote.bid, quote.ask
    if bid is None or ask is None or not (ZERO < bid <= ask and ask.is_finite() and quote.last > ZERO):
        return _invalid(symbol, quote)
    spread = (ask - bid) * HUNDRED * 2 / (ask + bid)
    if spread > case.policy.max_spread_pct:
        return denied(
            NAME,
            "SPREAD_WIDE",
            f"The spread of {symbol} is {percent(spread)} (bid {plain(bid)}, ask {plain(ask)}), "
            f"the limit is {percent(case.policy.max_spread_pct)}. Wait until it narrows.",
            spread_pct=spread,
            limit_pct=case.policy.max_spread_pct,
        )
    return passed(NAME, age_seconds=f"{age.total_seconds():.1f}")


def _invalid(symbol: str, quote: QuoteView) -> CheckResult:
    bid, ask = ("none" if side is None else plain(side) for side in (quote.bid, quote.ask))
    return denied(
        NAME,
        "QUOTE_INVALID",
        f"The quote of {symbol} cannot be used: bid {bid}, ask {ask}, last {plain(quote.last)}. "
        "A bid above 0 and an ask not below it are needed: wait for the next quote.",
        bid=bid,
        ask=ask,
        last=quote.last,
    )


CHECK = Check(name=NAME, codes=("QUOTE_INVALID", "QUOTE_STALE", "SPREAD_WIDE"), judge=judge)
