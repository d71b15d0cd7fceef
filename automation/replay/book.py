"""The account of a replay: cash, lots and working orders, by the same arithmetic as live. Plain Python.

The safety limits are not asked; what no broker would take is refused: buying
beyond the cash, selling beyond the shares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from automation.replay import scanning
from automation.replay.bars import Bars, exact, moment
from automation.replay.pricing import HIGH, LOW, NOTHING, WHOLE
from common.money import HUNDRED, ZERO, cents, plain
from markets import fill_model
from markets.fill_model import BUY, LIMIT, STOP, STOP_LIMIT, Costs, Observation, WorkingOrder
from orders.sizing import NoSize, quantity_of
from orders.types import OrderIntent
from portfolios.booking import book
from portfolios.lots import Lots
from portfolios.types import FillBooking
from safety.book import LIMITED
from safety.sizing import worst_price
from safety.types import QuoteView

START = "start"  # source of the shares held from the start


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a replay starts with and what trading costs. Dollars and shares; `cushion_percent` as the gate's."""

    cash: Decimal
    shares: Decimal = ZERO
    costs: Costs = field(default_factory=Costs)
    cushion_percent: Decimal = ZERO
    fractional: bool = True


class Refused(Exception):
    """An order that would not have been taken."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(slots=True)
class Order:
    """An order at work for a firing. `expires_at`: day orders, the session's close."""

    firing: int
    side: str
    order_type: str
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    expires_at: datetime | None
    triggered: bool = False
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fee: Decimal = ZERO
    last_bar: int = -1
    ended: bool = False

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled


@dataclass(frozen=True, slots=True)
class Change:
    """What a fill did, in bar `bar`."""

    bar: int
    firing: int
    cash: Decimal
    shares: Decimal
    gain: Decimal  # realised, after costs; 0 for a buy


class Book:
    """One symbol's cash and shares over the bars of a replay."""

    def __init__(self, bars: Bars, terms: Terms) -> None:
        self.bars, self.terms = bars, terms
        self.cash, self.shares = terms.cash, ZERO
        self.orders: list[Order] = []
        self.changes: list[Change] = []
        self._lots: defaultdict[str, Lots[FillBooking]] = defaultdict(Lots)
        if terms.shares and bars.first < len(bars):
            price, at = exact(bars.open[bars.first]), moment(bars.starts[bars.first])
            self._book(START, BUY, terms.shares, price, ZERO, at)
            self.cash, self.shares = terms.cash, terms.shares

    def equity(self, price: Decimal) -> Decimal:
        """What it is worth when a share costs `price`."""
        return self.cash + cents(self.shares * price)

    # --- placing
    def place(self, intent: OrderIntent, *, firing: int, bar: int, price: Decimal, rest: str, at: datetime) -> Order:
        """Take an order at `price` in `bar`, and let it meet that price and what of the bar comes after. Refused."""
        quote = QuoteView(last=price, bid=None, ask=None, prev_close=None, at=at)
        try:
            quantity = quantity_of(
                intent, quote=quote, held=self.shares, equity=self.equity(price), fractional=self.terms.fractional
            )
        except NoSize as problem:
            raise Refused(problem.code, problem.message) from None
        expires_at = self._session_close(bar) if intent.time_in_force == "day" else None
        order = Order(
            firing, intent.side, intent.order_type, quantity, intent.limit_price, intent.stop_price, expires_at
        )
        self._check(order, quote)
        order.last_bar = bar
        self._meet(order, bar, _point(price))
        if intent.time_in_force == "ioc":
            order.ended = True
        for market in self._looks(order, bar, price, rest):
            self._meet(order, bar, market)
        if not order.ended:
            self.orders.append(order)
        return order

    def _check(self, order: Order, quote: QuoteView) -> None:
        """Cash and shares, less what orders at work may take, as the gate counts them."""
        if order.side != BUY:
            free = self.shares - sum((o.remaining for o in self.orders if o.side != BUY), ZERO)
            if order.quantity > free:
                raise Refused(
                    "OVERSELL", f"{plain(order.quantity)} shares were to be sold, and {plain(free)} were held."
                )
            return
        reserved = sum((self._need(o, quote) for o in self.orders if o.side == BUY), ZERO)
        need = self._need(order, quote)
        if need + reserved > self.cash:
            raise Refused(
                "BUYING_POWER", f"It might have cost ${need:.2f}, and ${self.cash - reserved:.2f} of cash was free."
            )

    def _need(self, order: Order, quote: QuoteView) -> Decimal:
        worst = worst_price(side=BUY, quote=quote, limit_price=order.limit_price, stop_price=order.stop_price)
        need = order.remaining * (worst or ZERO)
        return need if order.order_type in LIMITED else need * (1 + self.terms.cushion_percent / HUNDRED)

    # --- working
    def next_event(self, start: int) -> int:
        """The first bar from `start` on in which a working order may fill or expire; len(bars) when there is none."""
        return min((self._next_of(order, start) for order in self.orders), default=len(self.bars))

    def look(self, bar: int) -> list[Order]:
        """Let the working orders meet a bar; returns those that ended in it."""
        for order in self.orders:
            if order.expires_at is not None and self.bars.starts[bar] >= order.expires_at.timestamp():
                order.ended = True
                continue
            order.last_bar = bar
            opened = exact(self.bars.open[bar])
            self._meet(order, bar, _point(opened))
            for market in self._looks(order, bar, opened, WHOLE):
                self._meet(order, bar, market)
        ended = [order for order in self.orders if order.ended]
        self.orders = [order for order in self.orders if not order.ended]
        return ended

    def _next_of(self, order: Order, start: int) -> int:
        bars, size = self.bars, len(self.bars)
        end = size
        if order.expires_at is not None:
            end = scanning.first_not_before(bars.starts, int(order.expires_at.timestamp()), start)
        kind, buying = order.order_type, order.side == BUY
        if kind in (STOP, STOP_LIMIT) and not order.triggered:
            level, up = order.stop_price, buying
        elif kind in (LIMIT, STOP_LIMIT):
            level, up = order.limit_price, not buying
        else:
            return min(start, size)
        if level is None:
            return min(start, size)
        values = bars.high if up else bars.low
        return scanning.reaching(values, float(level), 1 if up else -1, min(start, end), min(end, size))

    def _looks(self, order: Order, bar: int, price: Decimal, rest: str) -> Iterator[Observation]:
        """What an order that has met `price` is shown of the rest of a bar: how far it went, then its close.

        While the range is looked at, the price stands where it first reaches the order, never beyond: what the order
        would have got is not what the bar came to later.
        """
        if rest == NOTHING:
            return
        bars = self.bars
        last = exact(bars.close[bar])
        low = exact(bars.low[bar]) if rest in (WHOLE, LOW) else min(price, last)
        high = exact(bars.high[bar]) if rest in (WHOLE, HIGH) else max(price, last)
        if low != high:
            waits = order.order_type in (STOP, STOP_LIMIT) and not order.triggered and order.stop_price is not None
            yield Observation(last=order.stop_price if waits and order.stop_price else price, low=low, high=high)
            yield _point(last)

    def _meet(self, order: Order, bar: int, market: Observation) -> None:
        if order.ended:
            return
        working = WorkingOrder(
            side=order.side,
            order_type=order.order_type,
            remaining=order.remaining,
            limit_price=order.limit_price,
            stop_price=order.stop_price,
            triggered=order.triggered,
            filled=order.filled,
        )
        outcome = fill_model.match(working, market, self.terms.costs)
        order.triggered = outcome.triggered
        for fill in outcome.fills:
            booked_cash, gain = self._book(
                str(order.firing), order.side, fill.quantity, fill.price, fill.fee, moment(self.bars.ends[bar])
            )
            signed = fill.quantity if order.side == BUY else -fill.quantity
            self.changes.append(Change(bar, order.firing, booked_cash, signed, gain))
            order.filled += fill.quantity
            order.value += fill.quantity * fill.price
            order.fee += fill.fee
            order.ended = order.remaining <= 0

    def _book(
        self, source: str, side: str, quantity: Decimal, price: Decimal, fee: Decimal, at: datetime
    ) -> tuple[Decimal, Decimal]:
        """Book a fill; returns the change of cash and the gain realised."""
        fill = FillBooking(
            source_id=source, symbol=self.bars.symbol, side=side, quantity=quantity, price=price, fee=fee, at=at
        )
        booked = book(fill, self._lots)
        cash = booked.amount + booked.fee
        self.cash += cash
        self.shares += booked.shares
        return cash, sum((disposal.gain for disposal in booked.disposals), ZERO)

    def open_gains(self, price: Decimal) -> dict[str, Decimal]:
        """What the shares still held have gained when one costs `price`, by the firing that bought them (or START)."""
        gains: dict[str, Decimal] = {}
        for lot in self._lots[self.bars.symbol].open:
            key = lot.row.source_id
            gains[key] = gains.get(key, ZERO) + lot.open_quantity * price - lot.open_cost
        return gains

    def _session_close(self, bar: int) -> datetime:
        """The close of the session of this bar."""
        bars = self.bars
        if bars.daily or not len(bars.session_closes):
            return moment(bars.ends[bar])
        at = int(bars.session_closes.searchsorted(bars.starts[bar], side="right"))
        return moment(bars.session_closes[at] if at < len(bars.session_closes) else bars.ends[bar])


def _point(price: Decimal) -> Observation:
    return Observation(last=price, low=price, high=price)
