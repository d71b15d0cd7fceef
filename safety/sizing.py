"""At what price an order counts against limits. Plain Python."""

from __future__ import annotations

from decimal import Decimal

from safety.types import ProposedOrder, QuoteView, Snapshot


def worst_price(
    *, side: str, quote: QuoteView | None, limit_price: Decimal | None = None, stop_price: Decimal | None = None
) -> Decimal | None:
    """Dollars per share: the highest of the quote (ask when buying, bid when selling) and the order's own prices.

    Limits bound what an order may come to, so the larger number is the careful one for buys and sells alike.
    None when there is neither a quote nor a price.
    """
    standing = None
    if quote is not None:
        standing = (quote.ask if side == "buy" else quote.bid) or quote.last
    known = [price for price in (standing, limit_price, stop_price) if price is not None]
    return max(known) if known else None


def worst_price_of(order: ProposedOrder, snapshot: Snapshot) -> Decimal | None:
    """`worst_price` of `order` at the snapshot's quote: what to hand to `Snapshot.with_order`."""
    return worst_price(
        side=order.side,
        quote=snapshot.quotes.get(order.symbol),
        limit_price=order.limit_price,
        stop_price=order.stop_price,
    )
