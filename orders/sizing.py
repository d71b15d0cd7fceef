"""Turn what was asked for (dollars, percent) into shares. Plain Python."""

from __future__ import annotations

from decimal import Decimal

from common.money import HUNDRED, dollars, plain, shares
from orders.types import OrderIntent
from safety.sizing import worst_price
from safety.types import QuoteView


class NoSize(Exception):
    """The size cannot be turned into shares now. `code` is the gate's code for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def quantity_of(
    intent: OrderIntent,
    *,
    quote: QuoteView | None,
    held: Decimal,
    equity: Decimal | None,
    fractional: bool,
) -> Decimal:
    """Shares, rounded down to what can be traded. Raises NoSize."""
    if intent.quantity is not None:
        return intent.quantity
    if intent.percent_of_position is not None:
        wanted = f"{plain(intent.percent_of_position)} % of {plain(held)} {intent.symbol}"
        # The whole position goes as it is: rounding would leave a remainder that nothing ever sells.
        if intent.percent_of_position == HUNDRED:
            return _enough(held, wanted, fractional)
        return _enough(shares(held * intent.percent_of_position / HUNDRED, fractional=fractional), wanted, fractional)
    price = intent.limit_price or worst_price(side=intent.side, quote=quote)
    if price is None:
        raise NoSize("QUOTE_STALE", f"{intent.symbol} has no price, so an amount cannot be turned into shares.")
    if intent.notional is not None:
        amount, wanted = intent.notional, f"{dollars(intent.notional)} of {intent.symbol} at {plain(price)}"
    else:
        percent = intent.percent_of_equity or Decimal(0)
        if equity is None:
            raise NoSize("EQUITY_UNKNOWN", "A holding has no price, so a percentage of the portfolio is not known.")
        amount = equity * percent / HUNDRED
        wanted = f"{plain(percent)} % of {dollars(equity)} in {intent.symbol} at {plain(price)}"
    return _enough(shares(amount / price, fractional=fractional), wanted, fractional)


def _enough(quantity: Decimal, wanted: str, fractional: bool) -> Decimal:
    if quantity > 0:
        return quantity
    unit = "what can be traded" if fractional else "one share, and it trades in whole shares only"
    raise NoSize("QTY_INVALID", f"{wanted} is less than {unit}: ask for more.")
