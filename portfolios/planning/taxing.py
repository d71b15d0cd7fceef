"""The lots a sale would take, and what that means for taxes. Estimates, no advice. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from common.money import HUNDRED, ZERO, cents
from portfolios.disposing import Order, first_in, highest_cost, least_tax
from portfolios.lots import Lots, OpenLot, held_long
from portfolios.planning.types import GoalTerms, LotMethod, LotPart, PlanHolding, PlanLot


@dataclass(frozen=True, kw_only=True, slots=True)
class Disposed:
    """What a sale takes. Gains in dollars before the costs of the sale; `tax` below 0 is tax saved."""

    parts: tuple[LotPart, ...] = ()
    short_term_gain: Decimal = ZERO
    long_term_gain: Decimal = ZERO
    tax: Decimal = ZERO


def without_short_term_gain(holding: PlanHolding, now: datetime) -> list[PlanLot]:
    """The lots that can be sold at the holding's price without a short-term gain."""
    price = holding.price or ZERO
    return [lot for lot in holding.lots if held_long(lot.acquired_at, now) or lot.quantity * price <= lot.cost]


def dispose(holding: PlanHolding, quantity: Decimal, now: datetime, terms: GoalTerms) -> Disposed:
    """The lots that selling `quantity` shares takes by the goal's method. Empty if the lots are not known."""
    lots = without_short_term_gain(holding, now) if terms.avoid_short_term_gains else list(holding.lots)
    book = Lots(
        OpenLot(row=lot.lot_id, acquired_at=lot.acquired_at, open_quantity=lot.quantity, open_cost=lot.cost)
        for lot in lots
    )
    price = holding.price or ZERO
    if quantity > book.quantity:
        return Disposed()
    disposals = book.sell(quantity, cents(quantity * price), now, _order(price, now, terms))
    short = sum((one.gain for one in disposals if not one.long_term), ZERO)
    long = sum((one.gain for one in disposals if one.long_term), ZERO)
    return Disposed(
        parts=tuple(
            LotPart(lot_id=one.lot.row, quantity=one.quantity, gain=one.gain, long_term=one.long_term)
            for one in disposals
        ),
        short_term_gain=short,
        long_term_gain=long,
        tax=cents((short * terms.short_term_tax_pct + long * terms.long_term_tax_pct) / HUNDRED),
    )


def _order(price: Decimal, now: datetime, terms: GoalTerms) -> Order:
    if terms.lot_method is LotMethod.HIFO:
        return highest_cost
    if terms.lot_method is LotMethod.TAX:
        return least_tax(price=price, at=now, short_pct=terms.short_term_tax_pct, long_pct=terms.long_term_tax_pct)
    return first_in
