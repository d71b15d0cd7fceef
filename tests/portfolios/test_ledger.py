"""The books are written together, once, and never beyond what is held."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from common.errors import Conflict, InvalidInput
from portfolios.auditing import audit
from portfolios.booking import Oversold
from portfolios.ledger import book_fills, deposit, open_position, withdraw
from portfolios.models import Holding, LedgerEntry, Lot, LotDisposal, Portfolio
from portfolios.opening import open_portfolio
from portfolios.types import FillBooking
from tests.portfolios.conftest import NOW, D, make_instruments, set_price


def fill(source_id: str, side: str = "buy", quantity: str = "10", price: str = "100", **more: Any) -> FillBooking:
    values = {"symbol": "AAPL", "at": NOW, **more}
    return FillBooking(source_id=source_id, side=side, quantity=D(quantity), price=D(price), **values)


def holdings(portfolio: Portfolio) -> dict[str, tuple[Decimal, Decimal]]:
    return {row.instrument_id: (row.quantity, row.cost) for row in Holding.objects.filter(portfolio=portfolio)}


def cash(portfolio: Portfolio) -> Decimal:
    return Portfolio.objects.get(pk=portfolio.pk).cash


def test_a_buy_takes_cash_and_makes_a_lot(portfolio: Portfolio) -> None:
    book_fills(portfolio=portfolio, fills=[fill("1", price="100.005", fee=D("1.50"))], now=NOW)
    assert portfolio.cash == cash(portfolio) == D("100000") - D("1000.05") - D("1.50")
    lot = Lot.objects.get()
    assert (lot.open_quantity, lot.cost, lot.open_cost, lot.acquired_at) == (10, D("1001.55"), D("1001.55"), NOW)
    assert holdings(portfolio) == {"AAPL": (10, D("1001.55"))}
    assert audit(portfolio) == []


def test_a_sale_takes_from_the_oldest_lot_first(portfolio: Portfolio) -> None:
    long_ago = NOW - timedelta(days=400)
    book_fills(portfolio=portfolio, fills=[fill("1", price="110"), fill("2", price="100", at=long_ago)], now=NOW)
    book_fills(portfolio=portfolio, fills=[fill("3", "sell", "15", "120", fee=D("3.00"))], now=NOW)
    old, new = LotDisposal.objects.order_by("id")
    assert (old.quantity, old.cost, old.proceeds, old.gain, old.long_term) == (10, 1000, 1198, 198, True)
    assert (new.quantity, new.cost, new.proceeds, new.gain, new.long_term) == (5, 550, 599, 49, False)
    assert holdings(portfolio) == {"AAPL": (5, 550)}
    assert audit(portfolio) == []


def test_a_holding_sold_out_is_gone(portfolio: Portfolio) -> None:
    book_fills(portfolio=portfolio, fills=[fill("1"), fill("2", "sell")], now=NOW)
    assert holdings(portfolio) == {}
    assert Lot.objects.get().open_quantity == 0
    assert cash(portfolio) == 100_000
    assert audit(portfolio) == []


def test_booking_twice_books_once(portfolio: Portfolio) -> None:
    first = book_fills(portfolio=portfolio, fills=[fill("1"), fill("1"), fill("2", fee=D(1))], now=NOW)
    again = book_fills(portfolio=portfolio, fills=[fill("2", fee=D(1)), fill("1")], now=NOW)
    assert [entry.source_id for entry in first] == ["1", "2"]
    assert again == []
    assert holdings(portfolio) == {"AAPL": (20, 2001)}
    assert cash(portfolio) == 97_999


def test_overselling_is_refused_and_books_nothing(portfolio: Portfolio) -> None:
    book_fills(portfolio=portfolio, fills=[fill("1")], now=NOW)
    with pytest.raises(Oversold, match=r"Fill 3 sells 10\.5 AAPL, but only 10 are held"):
        book_fills(portfolio=portfolio, fills=[fill("2", symbol="MSFT"), fill("3", "sell", "10.5")], now=NOW)
    assert holdings(portfolio) == {"AAPL": (10, 1000)}
    assert cash(portfolio) == 99_000
    assert audit(portfolio) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"side": "short"}, "side"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "NaN"}, "quantity"),
        ({"quantity": "1.0000000001"}, "quantity"),
        ({"price": "-1"}, "price"),
        ({"fee": D("-0.01")}, "fee"),
        ({"fee": D("0.001")}, "fee"),
    ],
)
def test_numbers_that_would_spoil_the_books_are_refused(
    portfolio: Portfolio, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        book_fills(portfolio=portfolio, fills=[fill("1", **change)], now=NOW)
    assert list(refused.value.errors) == [field]


def test_statements_do_not_grow_with_the_fills(portfolio: Portfolio, django_assert_max_num_queries: Any) -> None:
    book_fills(portfolio=portfolio, fills=[fill(f"b{i}", fee=D(1)) for i in range(60)], now=NOW)
    mixed = [fill(f"s{i}", "sell", "10", fee=D(1)) for i in range(60)] + [fill(f"m{i}") for i in range(40)]
    with django_assert_max_num_queries(14):
        book_fills(portfolio=portfolio, fills=mixed, now=NOW)
    assert holdings(portfolio) == {"AAPL": (400, 40_000)}
    assert audit(portfolio) == []


def test_deposit_and_withdraw(portfolio: Portfolio) -> None:
    deposit(portfolio=portfolio, amount=D("50.25"), now=NOW, source_id="a")
    deposit(portfolio=portfolio, amount=D("50.25"), now=NOW, source_id="a")
    withdraw(portfolio=portfolio, amount=D("0.25"), now=NOW)
    assert portfolio.cash == cash(portfolio) == 100_050
    with pytest.raises(Conflict, match=r"\$100050\.01 cannot be withdrawn: Main has \$100050 in cash"):
        withdraw(portfolio=portfolio, amount=D("100050.01"), now=NOW)
    for amount in ("0", "-1", "0.001", "NaN", "Infinity"):
        with pytest.raises(InvalidInput):
            deposit(portfolio=portfolio, amount=D(amount), now=NOW)


def test_moving_money_is_no_drawdown(portfolio: Portfolio) -> None:
    Portfolio.objects.filter(pk=portfolio.pk).update(peak_equity=125_000)
    withdraw(portfolio=portfolio, amount=D(50_000), now=NOW)
    assert portfolio.peak_equity == 62_500  # 20 % below the peak before and after
    deposit(portfolio=portfolio, amount=D(150_000), now=NOW)
    assert portfolio.peak_equity == 250_000


def test_open_position_keeps_the_purchase_and_values_it_today(portfolio: Portfolio) -> None:
    bought = NOW - timedelta(days=500)
    set_price("MSFT", "80")
    open_position(portfolio=portfolio, symbol="MSFT", quantity=D("2.5"), price=D(100), at=bought, now=NOW)
    lot = Lot.objects.get()
    assert (lot.acquired_at, lot.cost, lot.entry.at, lot.entry.price, lot.entry.amount) == (bought, 250, NOW, 80, 0)
    assert cash(portfolio) == 100_000
    assert Portfolio.objects.get(pk=portfolio.pk).peak_equity == 100_200
    assert audit(portfolio) == []
    with pytest.raises(InvalidInput, match="'NOPE' is not a known instrument"):
        open_position(portfolio=portfolio, symbol="NOPE", quantity=D(1), price=D(1), at=bought, now=NOW)
    with pytest.raises(InvalidInput):
        open_position(portfolio=portfolio, symbol="MSFT", quantity=D(0), price=D(1), at=bought, now=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portfolios_ledgerentry SET amount = amount + 1",
        "DELETE FROM portfolios_ledgerentry",
        "TRUNCATE portfolios_ledgerentry CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_ledger(portfolio: Portfolio, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred foreign keys
        cursor.execute(statement)
    assert LedgerEntry.objects.get().amount == 100_000


@pytest.mark.django_db(transaction=True)
def test_many_workers_book_the_same_fills_once() -> None:
    from accounts.models import User

    make_instruments("AAPL")
    user = User.objects.create_user("ann")
    portfolio = open_portfolio(user=user, name="Main", cash=D(100_000), now=NOW)
    fills = [fill(str(i), quantity="1") for i in range(20)]

    def work(start: int) -> None:
        try:
            for i in range(20):
                book_fills(portfolio=portfolio, fills=[fills[(start + i) % 20], fills[(start + i + 1) % 20]], now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, (0, 5, 10, 15)))
    assert holdings(portfolio) == {"AAPL": (20, 2000)}
    assert cash(portfolio) == 98_000
    assert audit(portfolio) == []
