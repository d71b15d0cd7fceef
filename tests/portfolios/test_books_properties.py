"""Random histories: the books always agree, and gains explain every change of equity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from common.errors import Conflict
from common.ids import new_id
from common.money import cents
from portfolios.auditing import audit
from portfolios.booking import Oversold
from portfolios.instructing import instruct
from portfolios.ledger import book_fills, deposit, open_position, withdraw
from portfolios.models import LedgerEntry, Lot, LotDisposal, Portfolio
from portfolios.opening import open_portfolio
from portfolios.types import FillBooking
from portfolios.valuing import value
from tests.portfolios.conftest import NOW, D, set_price

SYMBOLS = st.sampled_from(["AAPL", "MSFT"])
SHARES = st.decimals(D("0.000000001"), D(1000), places=9)
PRICES = st.decimals(D("0.0001"), D(5000), places=4)
CENTS = st.decimals(D("0.01"), D(10_000), places=2)
FEES = st.one_of(st.just(D(0)), st.decimals(D("0.01"), D(10), places=2))
AGES = st.integers(-800, 0).map(lambda days: NOW + timedelta(days=days))
FILLS = st.builds(
    dict, side=st.sampled_from(["buy", "buy", "sell"]), symbol=SYMBOLS, quantity=SHARES, price=PRICES, fee=FEES, at=AGES
)
METHODS = st.sampled_from(["fifo", "hifo"])
STEPS = st.one_of(
    st.tuples(st.just("fills"), st.lists(FILLS, min_size=1, max_size=6)),
    st.tuples(st.just("sell_part"), st.tuples(SYMBOLS, st.integers(1, 100), PRICES, FEES)),
    st.tuples(st.just("instructed"), st.tuples(SYMBOLS, st.integers(1, 100), PRICES, FEES, METHODS, st.booleans())),
    st.tuples(st.just("again"), st.integers(0, 30)),
    st.tuples(st.just("deposit"), CENTS),
    st.tuples(st.just("withdraw"), CENTS),
    st.tuples(st.just("open"), st.tuples(SYMBOLS, SHARES, PRICES, AGES)),
)


def transfers(portfolio: Portfolio) -> Decimal:
    """Dollars moved in less dollars moved out, shares brought in counted at their price of that day."""
    rows = LedgerEntry.objects.filter(portfolio=portfolio, kind__in=["deposit", "withdrawal", "opening"])
    moved = [row.amount or cents(row.quantity * (row.price or 0)) for row in rows]
    return sum(moved, D(0))


class History:
    """One portfolio and the fills it was sent, so that they can be sent again."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.sent: list[FillBooking] = []
        self.opened_above_cost = D(0)

    def step(self, kind: str, given: Any) -> None:
        getattr(self, kind)(given)

    def fills(self, wanted: list[dict[str, Any]]) -> None:
        batch = [FillBooking(source_id=f"{len(self.sent)}-{i}", **fill) for i, fill in enumerate(wanted)]
        before = self.snapshot()
        try:
            with transaction.atomic():
                book_fills(portfolio=self.portfolio, fills=batch, now=NOW)
        except Oversold:
            assert self.snapshot() == before
        else:
            self.sent += batch

    def sell_part(self, given: tuple[str, int, Decimal, Decimal]) -> None:
        symbol, percent, price, fee = given
        held = value(self.portfolio, now=NOW).positions.get(symbol)
        quantity = (held.quantity * percent / 100).quantize(D("0.000000001")) if held else D(0)
        if quantity:
            self.fills(
                [{"side": "sell", "symbol": symbol, "quantity": quantity, "price": price, "fee": fee, "at": NOW}]
            )

    def instructed(self, given: tuple[str, int, Decimal, Decimal, str, bool]) -> None:
        """A sale that says which lots it takes: by a method, and perhaps the newest ones first."""
        symbol, percent, price, fee, method, newest_first = given
        held = value(self.portfolio, now=NOW).positions.get(symbol)
        quantity = (held.quantity * percent / 100).quantize(D("0.000000001")) if held else D(0)
        if not quantity:
            return
        lots = Lot.objects.filter(portfolio=self.portfolio, instrument=symbol, open_quantity__gt=0)
        chosen = list(lots.order_by("-pk").values_list("pk", flat=True)[:2]) if newest_first else []
        order_id = new_id()
        instruct(portfolio=self.portfolio, order_id=order_id, now=NOW, lots=chosen, method=method)
        sale = {"side": "sell", "symbol": symbol, "quantity": quantity, "price": price, "fee": fee, "at": NOW}
        self.fills([{**sale, "order_id": order_id}])
        sold = (
            LotDisposal.objects.filter(lot__portfolio=self.portfolio).order_by("-pk").values_list("lot_id", flat=True)
        )
        assert not chosen or chosen[0] in sold

    def again(self, start: int) -> None:
        before = self.snapshot()
        assert book_fills(portfolio=self.portfolio, fills=list(reversed(self.sent[start : start + 9])), now=NOW) == []
        assert self.snapshot() == before

    def deposit(self, amount: Decimal) -> None:
        deposit(portfolio=self.portfolio, amount=amount, now=NOW)

    def withdraw(self, amount: Decimal) -> None:
        try:
            withdraw(portfolio=self.portfolio, amount=amount, now=NOW)
        except Conflict:
            assert amount > self.portfolio.cash

    def open(self, given: tuple[str, Decimal, Decimal, Any]) -> None:
        symbol, quantity, price, at = given
        before = transfers(self.portfolio)
        entry = open_position(portfolio=self.portfolio, symbol=symbol, quantity=quantity, price=price, at=at, now=NOW)
        self.opened_above_cost += transfers(self.portfolio) - before - Lot.objects.get(entry=entry).cost

    def snapshot(self) -> Any:
        now = value(Portfolio.objects.get(pk=self.portfolio.pk), now=NOW)
        return now.cash, now.positions


@pytest.fixture
def history(instruments: None, ann: User) -> Callable[[], History]:
    set_price("AAPL", "187.3301")
    set_price("MSFT", "0.0123")
    names = iter(range(10**6))

    def begin() -> History:
        return History(open_portfolio(user=ann, name=f"P{next(names)}", cash=D(10_000), now=NOW))

    return begin


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=5))
def test_the_books_agree_after_any_history(history: Callable[[], History], steps: list[tuple[str, Any]]) -> None:
    with transaction.atomic():
        story = history()
        for kind, given_ in steps:
            story.step(kind, given_)
        portfolio = Portfolio.objects.get(pk=story.portfolio.pk)
        assert portfolio.cash == story.portfolio.cash
        assert audit(portfolio) == []
        now = value(portfolio, now=NOW)
        assert now.equity is not None
        realised = LotDisposal.objects.filter(lot__portfolio=portfolio).aggregate(sum=Sum("gain"))["sum"] or D(0)
        unrealised = sum((p.unrealised for p in now.positions.values() if p.unrealised is not None), D(0))
        # Positions brought in count from their price of that day on; what they gained before is no gain of this book.
        assert realised + unrealised - story.opened_above_cost == now.equity - transfers(portfolio)
        transaction.set_rollback(True)
