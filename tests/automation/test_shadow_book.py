"""The books of a rule's trades: what adds up, whatever was traded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from automation.shadow_book import BUY, SELL, Mark, Trade, result_of
from common.money import ZERO, cents

D = Decimal
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

prices = st.decimals("0.01", "5000", places=2)
quantities = st.decimals("0.000000001", "1000", places=9)
moments = st.integers(0, 200).map(lambda n: START + n * HOUR)
trades = st.builds(
    Trade,
    side=st.sampled_from([BUY, SELL]),
    quantity=quantities,
    price=prices,
    fee=st.decimals("0", "20", places=2),
    at=moments,
)
books = st.lists(trades, max_size=12)
marks = st.lists(
    st.builds(lambda at, one, other: Mark(at=at, low=min(one, other), high=max(one, other)), moments, prices, prices),
    max_size=12,
)


def trade(side: str, quantity: str, price: str, *, fee: str = "0", hours: int = 0) -> Trade:
    return Trade(side=side, quantity=D(quantity), price=D(price), fee=D(fee), at=START + hours * HOUR)


@given(books, prices, marks)
def test_realised_and_open_add_up_to_cash_and_what_is_left(book: list[Trade], last: Decimal, seen: list[Mark]) -> None:
    result = result_of(book, last=last, marks=seen)
    cash = sum(
        ((t.quantity * t.price if t.side == SELL else -t.quantity * t.price) - t.fee for t in book), ZERO
    )  # fmt: skip
    left = sum((t.quantity if t.side == BUY else -t.quantity for t in book), ZERO)
    assert result.open_quantity == left
    assert result.result == cents(cash + left * last) == result.realised + result.open
    assert result.fees == sum((t.fee for t in book), ZERO)


@given(books, prices, marks)
def test_the_worst_moment_is_never_better_than_the_end_nor_above_zero(
    book: list[Trade], last: Decimal, seen: list[Mark]
) -> None:
    result = result_of(book, last=last, marks=seen)
    assert result.worst.result <= min(ZERO, result.result)
    assert (result.worst.at is None) == (result.worst.result == 0)


@given(books, prices, marks, marks)
def test_seeing_more_never_makes_the_worst_moment_better(
    book: list[Trade], last: Decimal, seen: list[Mark], more: list[Mark]
) -> None:
    assert (
        result_of(book, last=last, marks=[*seen, *more]).worst.result
        <= result_of(book, last=last, marks=seen).worst.result
    )


@given(books, prices, st.randoms())
def test_trades_at_different_times_may_come_in_any_order(book: list[Trade], last: Decimal, luck) -> None:
    apart = {t.at: t for t in book}.values()
    shuffled = list(apart)
    luck.shuffle(shuffled)
    assert result_of(shuffled, last=last) == result_of(apart, last=last)


@given(st.lists(trades, min_size=1, max_size=8), prices)
def test_fees_cost_exactly_what_they_are(book: list[Trade], last: Decimal) -> None:
    free = [Trade(side=t.side, quantity=t.quantity, price=t.price, fee=ZERO, at=t.at) for t in book]
    difference = result_of(free, last=last).result - result_of(book, last=last).result
    assert abs(difference - sum(t.fee for t in book)) <= D("0.01")  # each result is rounded once


def test_round_trips_are_closed_first_in_first_out() -> None:
    book = [trade(BUY, "10", "100"), trade(BUY, "10", "200", hours=1), trade(SELL, "15", "300", fee="3", hours=2)]
    result = result_of(book, last=D(250))
    # 10 bought at 100 and 5 bought at 200, sold at 300 less 0.20 a share of fee.
    assert result.realised == D("2497.00")
    assert result.open == D("250.00")  # 5 bought at 200, now 250
    assert (result.round_trips, result.open_quantity) == (1, D(5))


def test_a_sale_of_what_was_held_is_measured_against_holding() -> None:
    saved = result_of([trade(SELL, "10", "100", fee="1")], last=D(80))
    assert (saved.result, saved.realised, saved.open) == (D(199), D(0), D(199))
    lost = result_of([trade(SELL, "10", "100")], last=D(130))
    assert lost.result == D(-300)
    assert lost.worst.result == D(-300)


def test_the_worst_moment_looks_at_the_worse_end_of_what_came_after() -> None:
    seen = [
        Mark(at=START - HOUR, low=D(1), high=D(999)),  # before: does not count
        Mark(at=START + HOUR, low=D(90), high=D(130)),
        Mark(at=START + 2 * HOUR, low=D(95), high=D(99)),
    ]
    bought = result_of([trade(BUY, "10", "100")], last=D(120), marks=seen)
    assert (bought.worst.result, bought.worst.at) == (D(-100), START + HOUR)
    sold = result_of([trade(SELL, "10", "100")], last=D(90), marks=seen)
    assert (sold.worst.result, sold.worst.at) == (D(-300), START + HOUR)


def test_no_trades_come_to_nothing() -> None:
    empty = result_of([], last=D(100))
    assert (empty.trades, empty.result, empty.worst.result, empty.worst.at) == (0, D(0), D(0), None)
