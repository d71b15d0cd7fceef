"""How the paper broker fills: an order and what the market showed, in; a fill, out. Pure arithmetic.

The model errs against us. A market order pays the far side of the spread plus slippage, rounded against us. A limit
order that rests is filled at its limit when the range since the last look reaches it, even if the price gapped
through. A stop fills at the worse of stop and market. At most one fill per look, so that a large order is worked off
over several.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from common.money import ZERO, cents

BUY, SELL = "buy", "sell"
MARKET, LIMIT, STOP, STOP_LIMIT = "market", "limit", "stop", "stop_limit"
ONE = Decimal(1)
PENNY = Decimal("0.01")
SUB_PENNY = Decimal("0.0001")  # increment of prices below a dollar (SEC rule 612)
BPS = Decimal(10_000)


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkingOrder:
    """An order at the broker. `remaining` shares; `filled` tells whether the fee per order was already charged."""

    side: str
    order_type: str
    remaining: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    triggered: bool = False
    filled: Decimal = ZERO

    def __post_init__(self) -> None:
        if self.side not in (BUY, SELL):
            raise ValueError(f"side is {self.side!r}: use buy or sell")
        if self.order_type not in (MARKET, LIMIT, STOP, STOP_LIMIT):
            raise ValueError(f"order_type is {self.order_type!r}: use market, limit, stop or stop_limit")
        if self.order_type in (LIMIT, STOP_LIMIT) and self.limit_price is None:
            raise ValueError(f"a {self.order_type} order needs a limit_price")
        if self.order_type in (STOP, STOP_LIMIT) and self.stop_price is None:
            raise ValueError(f"a {self.order_type} order needs a stop_price")


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What the market showed. `low`/`high` cover the time since this order was last looked at.

    For an order that was just accepted, pass the last price as both: what traded before it does not fill it.
    `size` is how many shares can be had now; None is no limit.
    """

    last: Decimal
    low: Decimal
    high: Decimal
    bid: Decimal | None = None
    ask: Decimal | None = None
    size: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Costs:
    """What trading costs: slippage in basis points of the price, fees in dollars and basis points of the notional."""

    slippage_bps: Decimal = ZERO
    fee_per_order: Decimal = ZERO
    fee_bps: Decimal = ZERO
    max_fill_quantity: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedFill:
    """`quantity` shares at `price`, for `fee` dollars."""

    quantity: Decimal
    price: Decimal
    fee: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The fills of this look (none or one), and whether the stop price has been reached."""

    fills: tuple[ProposedFill, ...]
    triggered: bool


def match(order: WorkingOrder, market: Observation, costs: Costs) -> Outcome:
    """What happens to `order` in this market."""
    newly = not order.triggered and order.order_type in (STOP, STOP_LIMIT) and _reached_stop(order, market)
    triggered = order.triggered or newly
    price = _price(order, market, costs, triggered=triggered, newly=newly)
    quantity = _quantity(order, market, costs)
    if price is None or quantity <= 0:
        return Outcome(fills=(), triggered=triggered)
    fee = cents(costs.fee_bps * quantity * price / BPS) + (costs.fee_per_order if order.filled == 0 else ZERO)
    return Outcome(fills=(ProposedFill(quantity=quantity, price=price, fee=cents(fee)),), triggered=triggered)


def _price(order: WorkingOrder, market: Observation, costs: Costs, *, triggered: bool, newly: bool) -> Decimal | None:
    if order.order_type == MARKET:
        return _taken(order.side, _far_side(order.side, market), costs)
    if order.order_type == STOP:
        if not triggered:
            return None
        far = _far_side(order.side, market)
        if newly and order.stop_price is not None:  # the price may have come back since it went through the stop
            far = _worse(order.side, far, order.stop_price)
        return _taken(order.side, far, costs)
    if order.order_type == STOP_LIMIT and not triggered:
        return None
    # The range may have been at the limit before it reached the stop, so at that look only the present counts.
    return _limit_price(order, market, costs, by_range=not newly)


def _limit_price(order: WorkingOrder, market: Observation, costs: Costs, *, by_range: bool) -> Decimal | None:
    limit = order.limit_price
    if limit is None:  # refused by WorkingOrder
        return None
    buying = order.side == BUY
    far = _far_side(order.side, market)
    if far <= limit if buying else far >= limit:
        taken = _taken(order.side, far, costs)
        return min(taken, limit) if buying else max(taken, limit)
    if by_range and (market.low <= limit if buying else market.high >= limit):
        return limit
    return None


def _reached_stop(order: WorkingOrder, market: Observation) -> bool:
    if order.stop_price is None:
        return False
    return market.high >= order.stop_price if order.side == BUY else market.low <= order.stop_price


def _far_side(side: str, market: Observation) -> Decimal:
    """The price at which one can trade at once: ask for a buy, bid for a sell, the last where there is none."""
    far = market.ask if side == BUY else market.bid
    return market.last if far is None else far


def _worse(side: str, one: Decimal, other: Decimal) -> Decimal:
    return max(one, other) if side == BUY else min(one, other)


def _taken(side: str, far: Decimal, costs: Costs) -> Decimal:
    """The price of taking liquidity, slippage and rounding against us; never below the smallest increment."""
    slipped = far * (1 + costs.slippage_bps / BPS) if side == BUY else far * (1 - costs.slippage_bps / BPS)
    step = PENNY if slipped >= ONE else SUB_PENNY
    rounded = slipped.quantize(step, ROUND_CEILING if side == BUY else ROUND_FLOOR)
    return max(rounded, SUB_PENNY)


def _quantity(order: WorkingOrder, market: Observation, costs: Costs) -> Decimal:
    limits = [limit for limit in (costs.max_fill_quantity, market.size) if limit is not None]
    return min([order.remaining, *limits])
