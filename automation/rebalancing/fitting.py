"""From a plan to the legs of a run: buys in parts that one order may have, sized for the cash there is or will be.

Asked three times: when the run is planned, when a person approves it, and when the sells are over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from automation.rebalancing.models import RebalanceLeg
from automation.rebalancing.rehearsing import Leg
from automation.rebalancing.sizing import Wanted, parts_of, shortfall, size_buys, spendable, spread
from common.money import HUNDRED, ZERO
from portfolios.planning.types import Plan, PlannedTrade
from safety.sizing import worst_price
from safety.types import Snapshot

ROOM = Decimal("0.99")  # of the largest order the gate lets pass: prices move between planning and ordering


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedLeg:
    """A leg as planned (shares at dollars a share), and as it would be ordered now.

    `aim`: dollars the whole position should be worth afterwards (buys). `sized_code`, `sized_reason`: why it is not
    ordered as planned.
    """

    number: int
    side: str
    symbol: str
    planned_quantity: Decimal
    planned_price: Decimal
    quantity: Decimal
    price: Decimal
    aim: Decimal | None = None
    sized_code: str = ""
    sized_reason: str = ""

    @property
    def planned_value(self) -> Decimal:
        """Dollars, as shown."""
        return self.planned_quantity * self.planned_price

    def as_leg(self) -> Leg:
        return Leg(number=self.number, side=self.side, symbol=self.symbol, quantity=self.quantity, price=self.price)


def legs_of(planned: Plan, snapshot: Snapshot, *, min_trade: Decimal) -> list[PlannedLeg]:
    """The plan's trades as orders, sells first. `min_trade`: dollars below which nothing is bought."""
    legs = [_leg(number, trade) for number, trade in enumerate(planned.sells, start=1)]
    for trade in sorted(planned.buys, key=lambda trade: -trade.value):
        held = snapshot.positions.get(trade.symbol, ZERO) * trade.price
        for part in _parts(trade, snapshot):
            legs.append(replace(_leg(len(legs) + 1, trade), planned_quantity=part, aim=held + trade.value))
    return size(legs, snapshot, cash=cash_after(legs, snapshot), reserved=planned.reserved, min_trade=min_trade)


def stored(leg: RebalanceLeg) -> PlannedLeg:
    """A leg of the database."""
    return PlannedLeg(
        number=leg.number,
        side=leg.side,
        symbol=leg.instrument_id,
        planned_quantity=leg.planned_quantity,
        planned_price=leg.planned_price,
        quantity=leg.planned_quantity if leg.quantity is None else leg.quantity,
        price=leg.price or leg.planned_price,
        aim=leg.aim_value,
        sized_code=leg.sized_code,
        sized_reason=leg.sized_reason,
    )


def size(
    legs: Sequence[PlannedLeg], snapshot: Snapshot, *, cash: Decimal, reserved: Decimal, min_trade: Decimal
) -> list[PlannedLeg]:
    """The legs with their buys sized for `cash` dollars of which the goal keeps `reserved`: never more than planned,
    the largest shortfall first. Sells stay as they are."""
    buys: dict[str, list[PlannedLeg]] = defaultdict(list)
    for leg in legs:
        if leg.side == "buy":
            buys[leg.symbol].append(leg)
    wanted = [_wanted(symbol, parts, snapshot) for symbol, parts in buys.items()]
    sized: dict[int, PlannedLeg] = {}
    for one in size_buys(wanted, cash=_spendable(snapshot, reserved, cash), min_trade=min_trade):
        parts = buys[one.symbol]
        given = spread(one.quantity, [p.planned_quantity for p in parts], fractional=_fractional(one.symbol, snapshot))
        for part, quantity in zip(parts, given, strict=True):
            sized[part.number] = replace(
                part, quantity=quantity, price=one.price, sized_code=one.code, sized_reason=one.reason
            )
    return [sized.get(leg.number, leg) for leg in legs]


def cash_after(legs: Iterable[PlannedLeg], snapshot: Snapshot) -> Decimal:
    """Dollars of cash once the sells have filled at the bid."""
    return snapshot.cash + sum((leg.quantity * _bid(leg, snapshot) for leg in legs if leg.side == "sell"), ZERO)


def _leg(number: int, trade: PlannedTrade) -> PlannedLeg:
    return PlannedLeg(
        number=number,
        side=trade.side,
        symbol=trade.symbol,
        planned_quantity=trade.quantity,
        planned_price=trade.price,
        quantity=trade.quantity,
        price=trade.price,
    )


def _parts(trade: PlannedTrade, snapshot: Snapshot) -> list[Decimal]:
    most = (snapshot.equity or ZERO) * snapshot.policy.max_order_notional_pct / HUNDRED * ROOM
    price = max(trade.price, _ask(trade.symbol, snapshot) or ZERO)
    return parts_of(trade.quantity, price, most, fractional=_fractional(trade.symbol, snapshot))


def _wanted(symbol: str, parts: Sequence[PlannedLeg], snapshot: Snapshot) -> Wanted:
    price = _ask(symbol, snapshot) or parts[0].planned_price
    held = snapshot.positions.get(symbol, ZERO) * snapshot.prices.get(symbol, price)
    planned = sum((part.planned_value for part in parts), ZERO)
    return Wanted(
        symbol=symbol,
        shortfall=shortfall(planned=planned, aim=parts[0].aim, held=held),
        price=price,
        fractional=_fractional(symbol, snapshot),
    )


def _spendable(snapshot: Snapshot, reserved: Decimal, cash: Decimal) -> Decimal:
    cushion = snapshot.policy.buying_power_cushion_pct
    taken = sum((flight.remaining * flight.price for flight in snapshot.in_flight if flight.side == "buy"), ZERO)
    return spendable(cash=cash, reserved=reserved, taken=taken * (HUNDRED + cushion) / HUNDRED, cushion_pct=cushion)


def _ask(symbol: str, snapshot: Snapshot) -> Decimal | None:
    """What a share costs to buy now; None without a quote."""
    return worst_price(side="buy", quote=snapshot.quotes.get(symbol))


def _bid(leg: PlannedLeg, snapshot: Snapshot) -> Decimal:
    quote = snapshot.quotes.get(leg.symbol)
    return (quote.bid or quote.last) if quote else leg.price


def _fractional(symbol: str, snapshot: Snapshot) -> bool:
    instrument = snapshot.instruments.get(symbol)
    return instrument is not None and instrument.fractionable
