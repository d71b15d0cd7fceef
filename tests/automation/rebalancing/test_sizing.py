"""The sizes of buys: never more than the cash, never more than planned, the largest shortfall first."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from automation.rebalancing.sizing import Wanted, parts_of, shortfall, size_buys, spendable, spread

D = Decimal
DOLLARS = st.decimals(D("0.01"), D("1e7"), places=2)
PRICES = st.decimals(D("0.01"), D("5000"), places=2)


def want(symbol: str, dollars: str, price: str = "100", *, fractional: bool = True) -> Wanted:
    return Wanted(symbol=symbol, shortfall=D(dollars), price=D(price), fractional=fractional)


def test_the_largest_shortfall_gets_the_cash() -> None:
    found = size_buys([want("A", "300"), want("B", "900"), want("C", "500")], cash=D(1000), min_trade=D(1))
    assert [(one.symbol, one.value, one.code) for one in found] == [
        ("B", D(900), ""),
        ("C", D(100), "CASH"),
        ("A", D(0), "CASH"),
    ]
    assert found[1].reason == "$100.00 of cash was left for it"


def test_what_is_too_small_is_left_out_and_whole_shares_say_so() -> None:
    small, whole = size_buys([want("A", "40"), want("B", "250", fractional=False)], cash=D(1000), min_trade=D(50))[::-1]
    assert (small.quantity, small.code) == (D(0), "BELOW_MINIMUM")
    assert (whole.quantity, whole.code) == (D(2), "WHOLE_SHARES")


def test_the_gates_cushion_and_the_goals_reserve() -> None:
    assert spendable(cash=D(1020), reserved=D(0), taken=D(0), cushion_pct=D(2)) == D(1000)
    assert spendable(cash=D(1020), reserved=D(100), taken=D(0), cushion_pct=D(2)) == D(920)
    assert spendable(cash=D(1020), reserved=D(0), taken=D(510), cushion_pct=D(2)) == D(500)
    assert spendable(cash=D(100), reserved=D(500), taken=D(0), cushion_pct=D(2)) == D(0)


def test_a_shortfall_is_never_more_than_was_planned() -> None:
    assert shortfall(planned=D(100), aim=D(1000), held=D(950)) == D(50)
    assert shortfall(planned=D(100), aim=D(1000), held=D(500)) == D(100)
    assert shortfall(planned=D(100), aim=D(1000), held=D(1500)) == D(0)
    assert shortfall(planned=D(100), aim=None, held=D(500)) == D(100)


@given(
    wants=st.lists(st.tuples(DOLLARS, PRICES, st.booleans()), max_size=8),
    cash=st.decimals(0, D("1e7"), places=2),
    least=st.decimals(0, 100, places=2),
)
def test_never_more_than_the_cash_or_the_shortfall(
    wants: list[tuple[Decimal, Decimal, bool]], cash: Decimal, least: Decimal
) -> None:
    wanted = {
        f"S{n}": Wanted(symbol=f"S{n}", shortfall=dollars, price=price, fractional=fractional)
        for n, (dollars, price, fractional) in enumerate(wants)
    }
    sized = size_buys(wanted.values(), cash=cash, min_trade=least)
    assert {one.symbol for one in sized} == set(wanted)
    assert sum((one.value for one in sized), D(0)) <= cash
    for one in sized:
        asked = wanted[one.symbol]
        assert one.value <= asked.shortfall
        assert one.quantity == 0 or one.value >= least
        assert asked.fractional or one.quantity % 1 == 0
        if one.quantity * asked.price < asked.shortfall - asked.price * D("1e-9"):
            assert one.code or not asked.fractional


@given(quantity=st.decimals(D("0.001"), D("1e6"), places=3), price=PRICES, most=DOLLARS, fractional=st.booleans())
def test_parts_add_up_fit_and_have_no_twins(quantity: Decimal, price: Decimal, most: Decimal, fractional: bool) -> None:
    quantity = quantity if fractional else max(quantity.quantize(D(1)), D(1))
    if quantity * price > most * 1000:
        quantity = max(D(1), (most * 1000 / price).quantize(D(1)))
    parts = parts_of(quantity, price, most, fractional=fractional)
    assert sum(parts) == quantity
    if len(parts) > 1:
        assert all(part * price <= most for part in parts)
        assert len(set(parts)) == len(parts)
    half = spread(quantity / 2, parts, fractional=True)
    assert sum(half) == quantity / 2
    assert all(D(0) <= given <= most for given, most in zip(half, parts, strict=True))
    more = spread(quantity * 2, parts, fractional=True)
    assert sum(more) == quantity * 2
