"""Books and terms for the planner's tests: by hand, and drawn at random."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from common.money import NANO, cents
from portfolios.planning.types import (
    CASH,
    BandKind,
    CostModel,
    GoalTerms,
    LotMethod,
    Plan,
    PlanBook,
    PlanHolding,
    PlanLot,
    RebalanceTo,
)

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
D = Decimal
T = TypeVar("T")
SYMBOLS = ["AGG", "BND", "GLD", "QQQ", "SPY", "VTI"]


def holding(symbol: str, quantity: str, price: str, **more: Any) -> PlanHolding:
    return PlanHolding(symbol=symbol, quantity=D(quantity), price=D(price), **more)


def book(cash: str, *holdings: PlanHolding, **more: Any) -> PlanBook:
    return PlanBook(now=NOW, cash=D(cash), holdings={one.symbol: one for one in holdings}, **more)


def terms(targets: dict[str, str], **more: Any) -> GoalTerms:
    return GoalTerms(targets={symbol: D(weight) for symbol, weight in targets.items()}, **more)


def after(before: PlanBook, plan: Plan) -> PlanBook:
    """The book when every trade filled at its price and cost what was expected."""
    held = dict(before.holdings)
    for trade in plan.trades:
        one = held[trade.symbol]
        shares = trade.quantity if trade.side == "buy" else -trade.quantity
        held[trade.symbol] = PlanHolding(
            symbol=one.symbol,
            quantity=one.quantity + shares,
            price=one.price,
            fractional=one.fractional,
            tradable=one.tradable,
            committed=one.committed,
            lots=_lots_after(one, trade),
        )
    return PlanBook(
        now=before.now,
        cash=plan.cash_after,
        holdings=held,
        committed_cash=before.committed_cash,
        loss_sales=before.loss_sales,
        recent_buys=before.recent_buys,
    )


def _lots_after(one: PlanHolding, trade: Any) -> tuple[PlanLot, ...]:
    if not one.lots:
        return ()
    if trade.side == "buy":
        new = PlanLot(lot_id=10**6, acquired_at=NOW, quantity=trade.quantity, cost=trade.value + trade.cost)
        return (*one.lots, new)
    taken = {part.lot_id: part.quantity for part in trade.lots}
    left = []
    for lot in one.lots:
        quantity = lot.quantity - taken.get(lot.lot_id, D(0))
        if quantity:
            left.append(
                PlanLot(
                    lot_id=lot.lot_id,
                    acquired_at=lot.acquired_at,
                    quantity=quantity,
                    cost=cents(lot.cost * quantity / lot.quantity),
                )
            )
    return tuple(left)


class Draw:
    """Books, goals and costs from one number: a thousand cases take seconds, and a seed gives the same case again."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def case(self) -> tuple[PlanBook, GoalTerms, CostModel, bool]:
        book = self.book()
        return book, self.goal(sorted(book.holdings)), self.cost(), self.random.random() < 0.5

    def book(self) -> PlanBook:
        symbols = self.random.sample(SYMBOLS, self.random.randint(1, len(SYMBOLS)))
        sold = self.random.sample(SYMBOLS, self.random.randint(0, 1))
        return PlanBook(
            now=NOW,
            cash=self.one_of(D(0), self.decimal(100_000, 2), self.decimal(100_000, 2)),
            holdings={symbol: self.holding(symbol) for symbol in symbols},
            committed_cash=self.one_of(D(0), D(0), D(0), D(500)),
            loss_sales={symbol: NOW - timedelta(days=3) for symbol in sold},
        )

    def holding(self, symbol: str) -> PlanHolding:
        fractional = self.one_of(True, False)
        places = self.one_of(0, 9) if fractional else self.one_of(0, 0, 0, 2)
        quantity = self.one_of(D(0), self.decimal(10, places), self.decimal(1000, places), self.decimal(1000, places))
        price = self.decimal(self.one_of(10, 300, 3000), self.one_of(2, 4)) + D("0.5")
        committed = self.one_of(D(0), D(0), D(0), quantity / 4 if fractional else quantity // 4)
        return PlanHolding(
            symbol=symbol,
            quantity=quantity,
            price=price,
            fractional=fractional,
            tradable=self.random.random() < 0.9,
            committed=committed.quantize(NANO),
            lots=self.lots(quantity, price) if quantity else (),
        )

    def lots(self, quantity: Decimal, price: Decimal) -> tuple[PlanLot, ...]:
        parts = [quantity]
        if quantity >= 2 and self.random.random() < 0.5:
            first = (quantity * self.one_of(D("0.25"), D("0.5"))).quantize(NANO)
            parts = [first, quantity - first]
        return tuple(
            PlanLot(
                lot_id=number,
                acquired_at=NOW - timedelta(days=self.random.randint(1, 800)),
                quantity=part,
                cost=cents(part * price * self.one_of(D("0.7"), D(1), D("1.3"))),
            )
            for number, part in enumerate(parts, 1)
        )

    def goal(self, symbols: list[str]) -> GoalTerms:
        names = self.random.sample([*symbols, CASH], self.random.randint(1, len(symbols) + 1))
        parts = [self.random.randint(1, 20) for _ in names]
        weights = [(D(part) / sum(parts)).quantize(D("0.000001")) for part in parts]
        if self.random.random() < 0.8:
            weights[0] += 1 - sum(weights)  # otherwise they sum to 1 give or take a millionth or so
        return GoalTerms(
            targets=dict(zip(names, weights, strict=True)),
            band_kind=self.one_of(*BandKind),
            threshold=self.one_of(D("0.02"), D("0.05"), D("0.2")),
            rebalance_to=self.one_of(*RebalanceTo),
            cash_flow_only=self.random.random() < 0.2,
            min_trade=self.one_of(D(1), D(25), D(500)),
            cash_buffer=self.one_of(D(0), D(0), D(1000)),
            cash_buffer_pct=self.one_of(D(0), D(0), D(2)),
            turnover_cap=self.one_of(None, None, D("0.1"), D("0.5")),
            do_not_sell=frozenset(self.random.sample(symbols, self.random.randint(0, 1))),
            lot_method=self.one_of(*LotMethod),
            avoid_short_term_gains=self.random.random() < 0.3,
            wash_sale_lock=self.random.random() < 0.5,
        )

    def cost(self) -> CostModel:
        return CostModel(
            commission=self.one_of(D(0), D(0), D(1), D("9.99")),
            spread_bps=self.one_of(D(0), D(2), D(20)),
            slippage_bps=self.one_of(D(0), D(2), D(15)),
            benefit_bps=self.one_of(D(20), D(100), D(500)),
        )

    def one_of(self, *options: T) -> T:
        return self.random.choice(options)

    def decimal(self, most: int, places: int) -> Decimal:
        return D(self.random.randint(0, most * 10**places)).scaleb(-places)
