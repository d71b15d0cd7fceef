"""The highest equity seen, against which drawdown is measured; money moved in or out is neither gain nor loss."""

from __future__ import annotations

from decimal import Decimal

from common.money import ZERO, cents
from portfolios.models import Portfolio
from portfolios.valuing import holdings_of


def move_peak(portfolio: Portfolio, amount: Decimal) -> None:
    """Set `peak_equity` before `amount` dollars of value come in (or go out, if negative). Saves it.

    The peak grows in proportion to the equity, so that the drawdown stays what it was. If a holding has no price,
    or there is nothing yet to be in proportion to, the peak moves by the amount itself.
    """
    values = [position.value for position in holdings_of(portfolio)]
    known = [value for value in values if value is not None]
    equity = portfolio.cash + sum(known, ZERO)
    peak = max(portfolio.peak_equity, equity)
    if len(known) == len(values) and equity > ZERO:
        moved = cents(peak * (equity + amount) / equity)
    else:
        moved = peak + amount
    portfolio.peak_equity = max(moved, ZERO)
    portfolio.save(update_fields=["peak_equity"])
