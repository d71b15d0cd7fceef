"""Which lots an order's sales take: said when the order is placed, followed when its fills are booked.

US tax law lets the owner name the shares by the time of the sale (IRS Publication 550, "adequate identification");
without that it is first in, first out. Nothing else in the books knows of instructions: the disposals say what was
taken, and the audit adds those up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from common.errors import InvalidInput
from portfolios.disposing import Order, chosen_first, first_in, highest_cost
from portfolios.lots import OpenLot
from portfolios.models import Lot, LotInstruction, Portfolio
from portfolios.types import FillBooking

Method = LotInstruction.Method
BY_METHOD = {Method.FIFO: first_in, Method.HIFO: highest_cost}


def instruct(
    *, portfolio: Portfolio, order_id: UUID, now: datetime, lots: Sequence[int] = (), method: str = Method.FIFO
) -> LotInstruction:
    """Sales of the order take `lots` first, in this order and each as far as it goes; then `method` decides.

    Call it in the transaction that places the order. An order that has one keeps it. InvalidInput names what is wrong;
    lots that are sold out by the time of a fill are passed over then.
    """
    errors = {}
    if method not in Method.values:
        errors["method"] = f"{method!r} is no method here: use {' or '.join(Method.values)}."
    known = set(Lot.objects.filter(portfolio=portfolio, pk__in=list(lots)).values_list("pk", flat=True))
    strange = [lot for lot in lots if lot not in known]
    if strange:
        errors["lots"] = f"{', '.join(map(str, strange))}: no such lot in this portfolio. List them with lots/."
    if errors:
        raise InvalidInput(errors)
    defaults = {"portfolio": portfolio, "method": method, "lots": list(dict.fromkeys(lots)), "at": now}
    return LotInstruction.objects.get_or_create(order_id=order_id, defaults=defaults)[0]


def orders_of(fills: Iterable[FillBooking]) -> dict[UUID | None, Order]:
    """By order id, how its sales go through the lots; one query, none without sales of known orders."""
    wanted = {fill.order_id for fill in fills if fill.side == "sell" and fill.order_id is not None}
    if not wanted:
        return {}
    return {
        row.order_id: chosen_first(row.lots, BY_METHOD[Method(row.method)], _lot_id)
        for row in LotInstruction.objects.filter(pk__in=wanted)
    }


def _lot_id(lot: OpenLot[Any]) -> Any:
    """None for a purchase of the same batch, which has no row yet."""
    return lot.row.pk if isinstance(lot.row, Lot) else None
