"""Why a trade is not made, or why dollars stay away from their target, in words. Plain Python."""

from __future__ import annotations

from decimal import Decimal

from common.money import CENT, HUNDRED, ZERO, cents
from portfolios.planning.costs import benefit_of_trade, cost_of_trade
from portfolios.planning.draft import Draft
from portfolios.planning.types import Code


def reason(code: Code, draft: Draft, symbol: str, too_much: bool, dollars: Decimal) -> str:
    """One sentence about `dollars` (above 0) of `symbol` above (`too_much`) or below its target."""
    holding, terms = draft.holding(symbol), draft.terms
    amount = f"{money(dollars)} {'too much' if too_much else 'too little'}"
    if code is Code.COST:
        cost, worth = cost_of_trade(dollars, draft.cost), benefit_of_trade(dollars, draft.cost).quantize(CENT)
        return (
            f"{amount}: trading it would cost about {money(cost)}, and bringing it to its target is worth "
            f"{money(worth)} by the goal's {draft.cost.benefit_bps.normalize():f} bps."
        )
    if code is Code.ROUNDING and not holding.fractional:
        return f"{amount}: less than a share at {money(holding.price or ZERO)}, and {symbol} trades in whole shares."
    return f"{amount}: {_SENTENCES[code].format(symbol=symbol, minimum=money(terms.min_trade), cap=_cap(draft))}"


def cash_reason(dollars: Decimal) -> str:
    """About the cash above (or below, if negative) its target."""
    if dollars > ZERO:
        return f"{money(dollars)} stay cash: what is still missing in other rows could not be bought with it."
    return f"{money(-dollars)} of cash are missing: they are tied up in what other rows hold too much of."


def money(amount: Decimal) -> str:
    return f"${cents(amount):,.2f}"


def percent(ratio: Decimal) -> str:
    return f"{ratio * HUNDRED:.2f} %"


def _cap(draft: Draft) -> str:
    return "none" if draft.terms.turnover_cap is None else percent(draft.terms.turnover_cap)


_SENTENCES = {
    Code.INSIDE_BAND: "inside its band, so it is left alone.",
    Code.HELD: "the rest of {symbol} is being sold by other orders.",
    Code.DO_NOT_SELL: "the goal never sells {symbol}.",
    Code.CASH_FLOW_ONLY: "the goal only buys.",
    Code.SHORT_TERM_GAIN: "its other lots would realise a short-term gain, which the goal avoids.",
    Code.WASH_SALE_LOCK: "{symbol} was sold at a loss within 30 days, so it is not bought (wash sale).",
    Code.NOT_TRADABLE: "{symbol} cannot be traded.",
    Code.TURNOVER_CAP: "the goal trades at most {cap} of the portfolio at a time. The next run goes on from here.",
    Code.FUNDING: "there is no cash for it.",
    Code.ROUNDING: "what rounding to tradable quantities leaves.",
    Code.MIN_TRADE: "less than the smallest trade of {minimum}.",
}
