"""Sums over a snapshot, so that a check looks a number up instead of adding it again. Plain Python."""

from __future__ import annotations

from bisect import bisect_right, insort
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from common.money import ZERO
from safety.types import InFlight, RecentOrder, Snapshot

Likeness = tuple[str, str, Decimal]  # symbol, side, quantity


class SymbolFlight:
    """What is under way in one symbol. Shares, dollars at the worst price, and counts."""

    __slots__ = ("buy_orders", "buy_value", "buys", "sell_orders", "sells", "unknown")

    def __init__(self) -> None:
        self.buys = self.sells = self.buy_value = ZERO
        self.buy_orders = self.sell_orders = self.unknown = 0


NOTHING = SymbolFlight()


class Book:
    """Everything in flight and everything placed lately, summed; `add` keeps the sums when one more is admitted."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.flights: dict[str, SymbolFlight] = {}
        self.open_orders = 0
        self.buy_value = ZERO  # of every buy under way
        self.cushioned_value = ZERO  # the part of it without a limit price
        self.times: list[datetime] = []
        self.symbol_times: dict[str, list[datetime]] = {}
        self.likes: dict[Likeness, list[datetime]] = {}
        self.rule_trades: dict[str, list[tuple[datetime, str]]] = {}  # by symbol: when rules traded, which side
        self.recent: dict[UUID, RecentOrder] = {}
        self.unpriced = tuple(sorted(s for s, q in snapshot.positions.items() if q and s not in snapshot.prices))
        self.held_value = sum(
            (q * snapshot.prices[s] for s, q in snapshot.positions.items() if q and s in snapshot.prices), ZERO
        )
        for flight in snapshot.in_flight:
            self._add_flight(flight)
        for order in sorted(snapshot.recent, key=lambda recent: recent.at):
            self._add_recent(order)

    def add(self, flight: InFlight, recent: RecentOrder) -> None:
        self._add_flight(flight)
        self._add_recent(recent)

    def flight(self, symbol: str) -> SymbolFlight:
        return self.flights.get(symbol, NOTHING)

    def placed_since(self, since: datetime, *, symbol: str | None = None, besides: UUID) -> int:
        """How many orders were placed after `since` (in `symbol`), not counting the order `besides` itself."""
        times = self.times if symbol is None else self.symbol_times.get(symbol, [])
        own = self.recent.get(besides)
        counts = own is not None and own.at > since and symbol in (None, own.symbol)
        return len(times) - bisect_right(times, since) - counts

    def last_like(self, likeness: Likeness, *, besides: UUID) -> datetime | None:
        """When the latest other order of the same symbol, side and quantity was placed."""
        times = self.likes.get(likeness)
        if not times:
            return None
        own = self.recent.get(besides)
        if own is None or own.at != times[-1] or (own.symbol, own.side, own.quantity) != likeness:
            return times[-1]
        return times[-2] if len(times) > 1 else None

    def round_trips(self, symbol: str, *, since: datetime) -> int:
        """How often rules went from buying `symbol` to selling it, or back, and back again, after `since`."""
        sides = [side for at, side in self.rule_trades.get(symbol, ()) if at > since]
        runs = sum(side != before for before, side in pairwise(["", *sides]))
        return runs // 2

    def _add_flight(self, flight: InFlight) -> None:
        sums = self.flights.get(flight.symbol)
        if sums is None:
            sums = self.flights[flight.symbol] = SymbolFlight()
        self.open_orders += 1
        sums.unknown += flight.state == "unknown"
        if flight.side == "sell":
            sums.sells += flight.remaining
            sums.sell_orders += 1
            return
        value = flight.remaining * flight.price
        sums.buys += flight.remaining
        sums.buy_value += value
        sums.buy_orders += 1
        self.buy_value += value
        if flight.order_type not in LIMITED:
            self.cushioned_value += value

    def _add_recent(self, order: RecentOrder) -> None:
        if order.order_id in self.recent:
            return
        self.recent[order.order_id] = order
        insort(self.times, order.at)
        insort(self.symbol_times.setdefault(order.symbol, []), order.at)
        insort(self.likes.setdefault((order.symbol, order.side, order.quantity), []), order.at)
        if order.filled and order.source_kind == RULE:
            insort(self.rule_trades.setdefault(order.symbol, []), (order.at, order.side))


LIMITED = frozenset({"limit", "stop_limit"})  # order types that cannot cost more than their limit price
MINUTE = timedelta(minutes=1)
RULE = "action_execution"  # the source of a rule's orders


def book_of(snapshot: Snapshot) -> Book:
    """The snapshot's sums, made once."""
    book = snapshot._book
    if book is None:
        book = Book(snapshot)
        object.__setattr__(snapshot, "_book", book)
    return book
