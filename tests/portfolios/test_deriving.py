"""Deriving lots from the ledger: what went in is what is there, carried over every split."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from common.money import NANO, ZERO
from portfolios.deriving import Event, derive

START = datetime(2024, 1, 2, 15, tzinfo=UTC)
D = Decimal


def event(kind: str, day: int, quantity: str | Decimal = "0", dollars: str | Decimal = "0", **more: object) -> Event:
    at = START + timedelta(days=day)
    return Event(key=day, at=at, kind=kind, quantity=D(quantity), dollars=D(dollars), **more)  # type: ignore[arg-type]


def test_a_split_scales_lots_and_what_was_sold_of_them() -> None:
    derived = derive(
        [event("buy", 1, "40", "36000"), event("sell", 2, "10", "12000"), event("split", 3, new=10, old=1)]
    )
    (lot,) = derived.lots.values()
    assert (lot.quantity, lot.open.open_quantity, lot.cost, lot.open.open_cost) == (400, 300, 36000, 27000)
    assert (lot.sold[0].quantity, lot.sold[0].proceeds) == (100, 12000)
    assert derived.splits == {3: (D(30), D(300))}


def test_a_fraction_of_whole_shares_is_sold_for_cash_in_lieu() -> None:
    derived = derive([event("buy", 1, "37", "185"), event("split", 2, dollars="35", new=1, old=10, whole=True)])
    (lot,) = derived.lots.values()
    assert (lot.open.open_quantity, lot.open.open_cost) == (D(3), D(150))
    assert (lot.sold[0].quantity, lot.sold[0].cost, lot.sold[0].proceeds) == (D("0.7"), D(35), D(35))


def test_what_rounding_makes_nothing_of_is_given_up_with_its_cost() -> None:
    derived = derive([event("buy", 1, "0.000000001", "0.01"), event("split", 2, new=1, old=10)])
    (lot,) = derived.lots.values()
    assert (derived.shares, derived.cost, lot.sold[0].cost, lot.sold[0].quantity) == (0, 0, D("0.01"), 0)


def test_a_sale_of_more_than_was_held_is_reported_and_left_out() -> None:
    derived = derive([event("buy", 1, "5", "50"), event("sell", 2, "6", "60"), event("sell", 3, "5", "55")])
    assert [(one.event.key, one.held) for one in derived.short] == [(2, D(5))]
    assert derived.shares == 0


def test_the_order_is_that_of_time() -> None:
    newer_first = [event("sell", 5, "10", "100"), event("buy", 3, "10", "90"), event("buy", 1, "10", "80")]
    derived = derive(newer_first)
    assert {lot.key: lot.open.open_quantity for lot in derived.lots.values()} == {1: D(0), 3: D(10)}


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(1, 10**12), st.integers(1, 10**7)),
        st.tuples(st.just("sell"), st.integers(1, 10**12), st.integers(1, 10**7)),
        st.tuples(st.just("split"), st.integers(1, 30), st.integers(1, 30)),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=1000)
@given(given_events=EVENTS)
def test_nothing_appears_and_nothing_is_lost(given_events: list[tuple[str, int, int]]) -> None:
    events = [
        Event(key=n, at=START + timedelta(days=n), kind=kind, new=one, old=other)
        if kind == "split"
        else Event(key=n, at=START + timedelta(days=n), kind=kind, quantity=one * NANO * 1000, dollars=D(other) / 100)
        for n, (kind, one, other) in enumerate(given_events)
    ]
    derived = derive(events)
    short = {one.event.key for one in derived.short}
    bought = sum((one.dollars for one in events if one.kind == "buy"), ZERO)
    sold = sum((one.dollars for one in events if one.kind == "sell" and one.key not in short), ZERO)
    parts = [part for lot in derived.lots.values() for part in lot.sold]
    assert sum((lot.cost for lot in derived.lots.values()), ZERO) == bought
    assert derived.cost + sum((part.cost for part in parts), ZERO) == bought  # to the cent
    assert sum((part.proceeds for part in parts), ZERO) == sold
    expected = ZERO
    for one in events:
        if one.kind == "split":
            before, after = derived.splits[one.key]
            assert before == expected
            exact = before * one.new / one.old
            assert abs(after - exact) <= NANO * (len(derived.lots) + 1)
            expected = after
        elif one.kind == "buy":
            expected += one.quantity
        elif one.key not in short:
            expected -= one.quantity
    assert derived.shares == expected
    assert all(lot.open.open_quantity >= 0 and lot.open.open_cost >= 0 for lot in derived.lots.values())
