"""How much to buy."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from agent.tools.base import Answer, Arguments, Context, Number, Reach, Symbol, verified
from common.errors import InvalidInput
from common.money import HUNDRED, plain
from markets.selectors import latest_quotes
from portfolios.sizing import (
    Account,
    Size,
    atr_distance,
    fixed_fractional,
    kelly,
    percent_risk,
    stop_distance,
    volatility_target,
)
from portfolios.valuing import value
from safety.policies import policy_for

Positive = Annotated[Number, Field(gt=0, le=10**12)]


class Wanted(Arguments):
    """Percent values are percent: 1 is 1 %."""

    symbol: Symbol
    method: Literal["fixed_fraction", "percent_risk", "volatility_target", "kelly"]
    percent: Positive | None = None  # fixed_fraction: of equity; percent_risk: of equity at risk; target: a year
    stop: Positive | None = None  # percent_risk: the price of the stop
    atr: Positive | None = None  # percent_risk: or the average true range, in dollars
    volatility: Positive | None = None  # volatility_target: annual, percent
    win_rate: Positive | None = None  # kelly: percent
    win_loss_ratio: Positive | None = None  # kelly: mean gain over mean loss


class PositionSize:
    """At the latest price, from the portfolio's equity, never above its largest position."""

    name = "position_size"
    description = (
        "Shares of a symbol for the portfolio: fixed_fraction (percent), percent_risk (percent with stop or atr), "
        "volatility_target (percent and volatility), kelly (win_rate, win_loss_ratio; half Kelly). Percents are "
        "percent. Never above the largest position the safety limits allow."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        (symbol,) = verified([arguments.symbol])
        quote = latest_quotes([symbol]).get(symbol)
        equity = value(context.portfolio, now=context.now).equity
        if quote is None or equity is None or equity <= 0:
            raise InvalidInput({"symbol": f"The price of {symbol} or the portfolio's worth is not known now."})
        account = Account(
            equity=equity,
            price=quote.last,
            fractional=quote.instrument.fractionable,
            max_fraction=max(policy_for(context.portfolio).max_position_pct / HUNDRED, Decimal("0.0001")),
        )
        size = _size(arguments, account)
        return Answer(
            content={
                "symbol": symbol,
                "price": plain(quote.last),
                "equity": plain(equity),
                "shares": plain(size.shares),
                "percent_of_equity": plain(round(size.fraction * HUNDRED, 4)),
                "limited_by": size.limited_by,
                "reason": size.reason,
            }
        )


def _size(given: Wanted, account: Account) -> Size:
    if given.method == "fixed_fraction":
        return fixed_fractional(account, fraction=_need(given, "percent") / HUNDRED)
    if given.method == "volatility_target":
        target, volatility = _need(given, "percent"), _need(given, "volatility")
        return volatility_target(account, target=target / HUNDRED, volatility=volatility / HUNDRED)
    if given.method == "kelly":
        rate, ratio = _need(given, "win_rate") / HUNDRED, _need(given, "win_loss_ratio")
        return kelly(account, win_rate=rate, win_loss_ratio=ratio)
    if (given.stop is None) == (given.atr is None):
        raise InvalidInput({"stop": "percent_risk needs exactly one of stop and atr."})
    risk = stop_distance(price=account.price, stop=given.stop) if given.stop else atr_distance(atr=_need(given, "atr"))
    return percent_risk(account, risk_fraction=_need(given, "percent") / HUNDRED, risk_per_share=risk)


def _need(given: Wanted, name: str) -> Decimal:
    found: Decimal | None = getattr(given, name)
    if found is None:
        raise InvalidInput({name: f"is required for {given.method}."})
    return found


POSITION_SIZE = PositionSize()
