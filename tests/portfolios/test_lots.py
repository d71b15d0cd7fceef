"""First in first out, exact to the cent."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portfolios.lots import Lots, NotEnough, OpenLot, held_long
from tests.portfolios.conftest import NOW, D


def lot(name: str, day: int, quantity: str, cost: str) -> OpenLot[str]:
    return OpenLot(name, datetime(2026, 1, day, tzinfo=UTC), D(quantity), D(cost))


def test_the_oldest_goes_first_whatever_the_order_of_booking() -> None:
    lots = Lots([lot("new", 9, "1", "30"), lot("old", 2, "1", "10")])
    lots.buy(lot("middle", 5, "1", "20"))
    assert [part.lot.row for part in lots.sell(D("2.5"), D(100), NOW)] == ["old", "middle", "new"]
    assert lots.quantity == D("0.5")
    assert lots.open[0].open_cost == 15


def test_parts_add_up_although_they_are_rounded() -> None:
    lots = Lots([lot("a", 1, "3", "10"), lot("b", 2, "3", "10"), lot("c", 3, "3", "10")])
    parts = lots.sell(D(7), D("100.00"), NOW)
    assert [part.proceeds for part in parts] == [D("42.86"), D("42.86"), D("14.28")]
    assert [part.cost for part in parts] == [10, 10, D("3.33")]
    assert lots.open[0].open_cost == D("6.67")


def test_selling_more_than_there_is_changes_nothing() -> None:
    lots = Lots([lot("a", 1, "3", "10")])
    with pytest.raises(NotEnough, match="3 held"):
        lots.sell(D("3.000000001"), D(1), NOW)
    assert lots.quantity == 3


@pytest.mark.parametrize(
    ("bought", "sold", "long"),
    [
        ((2025, 11, 20, 15), (2026, 11, 20, 15), False),
        ((2025, 11, 20, 15), (2026, 11, 21, 15), True),
        ((2025, 11, 21, 3), (2026, 11, 21, 15), True),  # it was still the 20th in New York
        ((2024, 2, 29, 15), (2025, 2, 28, 15), False),
        ((2024, 2, 29, 15), (2025, 3, 1, 15), True),
    ],
)
def test_long_term_is_more_than_a_year(bought: tuple[int, ...], sold: tuple[int, ...], long: bool) -> None:
    assert held_long(datetime(*bought, tzinfo=UTC), datetime(*sold, tzinfo=UTC)) is long  # type: ignore[arg-type,misc]
