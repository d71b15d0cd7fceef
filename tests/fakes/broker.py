"""A remote broker that misbehaves on demand. It implements the real port; its exchange is the truth of a test.

The exchange can live in a file, so that a test can look at it after the process that talked to it was killed.
"""

from __future__ import annotations

import itertools
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from brokers.port import (
    WORKING,
    BrokerAccountState,
    BrokerAsset,
    BrokerClock,
    BrokerError,
    BrokerFill,
    BrokerOrder,
    BrokerPosition,
    BrokerStatus,
    require_approved,
)
from common.money import cents

Status = BrokerStatus
# What may go wrong with one submit. `before`: it never arrived; `after`: it is live although we got an error.
FAULTS = ("timeout_before", "timeout_after", "error_500_after", "refused_but_live", "rate_limited", "rejected")


@dataclass
class FakeExchange:
    """Orders, executions, and the feed of executions (which may repeat, reorder and delay them)."""

    cash: Decimal = Decimal(100_000)
    orders: dict[str, BrokerOrder] = field(default_factory=dict)
    executions: list[BrokerFill] = field(default_factory=list)
    feed: list[BrokerFill] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)  # client ids of every submit that arrived
    faults: list[str] = field(default_factory=list)  # for the next submits, in order
    down: bool = False
    path: Path | None = None

    def save(self) -> None:
        if self.path:
            temporary = self.path.with_suffix(".new")
            temporary.write_bytes(pickle.dumps(self))
            temporary.rename(self.path)

    def fill(self, client_order_id: str, quantity: Decimal, price: Decimal, at: datetime) -> BrokerFill:
        """Execute part of a working order; not told to anyone until `tell`."""
        order = self.orders[client_order_id]
        assert order.status in WORKING, order
        filled = order.filled_quantity + quantity
        assert filled <= order.quantity
        value = (order.average_price or Decimal(0)) * order.filled_quantity + price * quantity
        done = filled == order.quantity
        self.orders[client_order_id] = replace(
            order,
            filled_quantity=filled,
            average_price=value / filled,
            status=Status.FILLED if done else Status.PARTIALLY_FILLED,
            closed_at=at if done else None,
        )
        execution = BrokerFill(
            execution_id=f"x{len(self.executions) + 1}",
            client_order_id=client_order_id,
            broker_order_id=order.broker_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=quantity,
            price=price,
            fee=Decimal(0),
            at=at,
            cursor="",
        )
        self.executions.append(execution)
        self.save()
        return execution

    def tell(self, executions: Iterable[BrokerFill]) -> None:
        """Put executions on the feed, in this order, as often as they are given."""
        for execution in executions:
            self.feed.append(replace(execution, cursor=str(len(self.feed) + 1)))
        self.save()

    def untold(self) -> list[BrokerFill]:
        """Executions the feed has never shown."""
        shown = {fill.execution_id for fill in self.feed}
        return [fill for fill in self.executions if fill.execution_id not in shown]


class FakeBroker:
    """One account. Register with `brokers.registry.register("fake", lambda account, clock: FakeBroker(...))`."""

    local = False

    def __init__(self, exchange: FakeExchange, clock: Callable[[], datetime]) -> None:
        self.exchange = exchange
        self._clock = clock
        self._numbers = itertools.count(len(exchange.orders) + 1)

    def _call(self) -> None:
        if self.exchange.down:
            raise BrokerError("connection refused")

    def account(self) -> BrokerAccountState:
        self._call()
        traded = sum(
            (cents(x.quantity * x.price) * (1 if x.side == "sell" else -1) - x.fee for x in self.exchange.executions),
            Decimal(0),
        )
        return BrokerAccountState(cash=self.exchange.cash + traded)

    def positions(self) -> Sequence[BrokerPosition]:
        self._call()
        held: dict[str, Decimal] = defaultdict(Decimal)
        for x in self.exchange.executions:
            held[x.symbol] += x.quantity if x.side == "buy" else -x.quantity
        return [BrokerPosition(symbol=s, quantity=q) for s, q in sorted(held.items()) if q]

    def open_orders(self) -> Sequence[BrokerOrder]:
        self._call()
        return [order for order in self.exchange.orders.values() if order.status in WORKING]

    def submit(self, order: Any) -> BrokerOrder:
        proposed = require_approved(order).order
        self._call()
        fault = self.exchange.faults.pop(0) if self.exchange.faults else ""
        if fault == "timeout_before":
            raise BrokerError("timed out", ambiguous=True)
        if fault == "rate_limited":
            raise BrokerError("429: slow down")
        self.exchange.posts.append(proposed.client_order_id)
        if fault == "rejected":
            self.exchange.save()
            raise BrokerError("insufficient buying power", permanent=True, code="BUYING_POWER")
        known = self.exchange.orders.get(proposed.client_order_id)
        if known is None:
            known = self.exchange.orders[proposed.client_order_id] = BrokerOrder(
                broker_order_id=f"b{next(self._numbers)}",
                client_order_id=proposed.client_order_id,
                symbol=proposed.symbol,
                side=proposed.side,
                order_type=proposed.order_type,
                time_in_force=proposed.time_in_force,
                quantity=proposed.quantity,
                limit_price=proposed.limit_price,
                stop_price=proposed.stop_price,
                filled_quantity=Decimal(0),
                average_price=None,
                status=Status.ACCEPTED,
                accepted_at=self._clock(),
            )
        self.exchange.save()
        if fault in ("timeout_after", "error_500_after"):
            raise BrokerError(fault, ambiguous=True)
        if fault == "refused_but_live":
            raise BrokerError("422", permanent=True, code="422")
        return known

    def cancel(self, broker_order_id: str) -> BrokerOrder:
        self._call()
        order = next((o for o in self.exchange.orders.values() if o.broker_order_id == broker_order_id), None)
        if order is None:
            raise BrokerError(f"no order {broker_order_id}", permanent=True, code="NOT_FOUND")
        if order.status in WORKING:
            order = replace(order, status=Status.CANCELLED, closed_at=self._clock())
            self.exchange.orders[order.client_order_id] = order
            self.exchange.save()
        return order

    def find(self, client_order_id: str) -> BrokerOrder | None:
        self._call()
        return self.exchange.orders.get(client_order_id)

    def fills_since(self, cursor: str) -> Sequence[BrokerFill]:
        self._call()
        return self.exchange.feed[int(cursor or 0) :]

    def clock(self) -> BrokerClock:
        self._call()
        return BrokerClock(at=self._clock())

    def asset(self, symbol: str) -> BrokerAsset | None:
        self._call()
        known = symbol in ("AAPL", "MSFT", "NVDA", "TSLA")
        return BrokerAsset(symbol=symbol, active=True, tradable=True, fractionable=True) if known else None
