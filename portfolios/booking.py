"""What fills do to cash and lots. Plain Python: `portfolios.ledger` reads the rows, asks here, and writes the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from common.errors import Conflict, InvalidInput
from common.money import CENT, NANO, ZERO, cents, plain
from portfolios.lots import Disposal, Lots, NotEnough, OpenLot
from portfolios.types import FillBooking

T = TypeVar("T")


class Oversold(Conflict):
    """A sale of more than is held: the books and the broker disagree. Nothing of the batch is booked."""

    code = "oversold"


@dataclass(frozen=True, slots=True)
class Booked(Generic[T]):
    """What one fill does: `lot` for a buy, `disposals` for a sale. All in dollars, as changes."""

    fill: FillBooking
    amount: Decimal  # of cash, without the fee
    fee: Decimal  # of cash
    cost: Decimal  # of what the open lots cost
    lot: OpenLot[FillBooking | T] | None
    disposals: tuple[Disposal[FillBooking | T], ...]

    @property
    def shares(self) -> Decimal:
        """Change of the holding."""
        return self.fill.quantity if self.fill.side == "buy" else -self.fill.quantity


def book(
    fill: FillBooking,
    lots: Mapping[str, Lots[FillBooking | T]],
    order: Callable[[OpenLot[FillBooking | T]], Any] | None = None,
) -> Booked[T]:
    """Book `fill` into `lots` (changed in place). A new lot's `row` is the fill. InvalidInput, Oversold.

    A sale takes the oldest lots, or those that `order` (a sort key, see `portfolios.disposing`) puts first.
    """
    _check(fill)
    value = cents(fill.quantity * fill.price)
    if fill.side == "buy":
        lot: OpenLot[FillBooking | T] = OpenLot(
            row=fill, acquired_at=fill.at, open_quantity=fill.quantity, open_cost=value + fill.fee
        )
        lots[fill.symbol].buy(lot)
        return Booked(fill, -value, -fill.fee, lot.open_cost, lot, ())
    try:
        disposals = lots[fill.symbol].sell(fill.quantity, value - fill.fee, fill.at, order)
    except NotEnough as error:
        raise Oversold(
            f"Fill {fill.source_id} sells {plain(fill.quantity)} {fill.symbol}, but only {plain(error.held)} are held. "
            "Nothing was booked: compare the portfolio with the broker."
        ) from error
    cost = -sum((disposal.cost for disposal in disposals), ZERO)
    return Booked(fill, value, -fill.fee, cost, None, tuple(disposals))


def _check(fill: FillBooking) -> None:
    """Refuse numbers that would spoil the books."""
    errors = {}
    if fill.side not in ("buy", "sell"):
        errors["side"] = f"{fill.side!r} is not a side: use buy or sell."
    for name, number in (("quantity", fill.quantity), ("price", fill.price)):
        if not number.is_finite() or number <= ZERO:
            errors[name] = f"{number} cannot be booked: a number above 0 is needed."
    if fill.quantity.is_finite() and fill.quantity % NANO:
        errors["quantity"] = f"{fill.quantity} cannot be booked: at most 9 decimal places are kept."
    if not fill.fee.is_finite() or fill.fee < ZERO or fill.fee % CENT:
        errors["fee"] = f"{fill.fee} cannot be booked: 0 or more dollars, to the cent."
    if errors:
        raise InvalidInput(errors)
