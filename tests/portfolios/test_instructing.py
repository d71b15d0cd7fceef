"""Sales take the lots they were told to, and the books agree all the same."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from accounts.models import User
from common.errors import InvalidInput
from common.ids import new_id
from portfolios.auditing import audit
from portfolios.instructing import instruct
from portfolios.ledger import book_fills
from portfolios.models import Lot, LotDisposal, Portfolio
from portfolios.opening import open_portfolio
from portfolios.types import FillBooking
from tests.portfolios.conftest import NOW, D


def booked(portfolio: Portfolio, name: str, side: str, quantity: str, price: str, **more: object) -> None:
    fill = FillBooking(
        source_id=name,
        symbol="AAPL",
        side=side,
        quantity=D(quantity),
        price=D(price),
        fee=D("0.35"),
        **{"at": NOW, **more},  # type: ignore[arg-type]
    )
    book_fills(portfolio=portfolio, fills=[fill], now=NOW)


@pytest.fixture
def lots(portfolio: Portfolio) -> dict[str, int]:
    """Ten shares each, bought cheap, dear and in between, in this order."""
    for days, (name, price) in enumerate((("cheap", "50"), ("dear", "150"), ("middle", "100"))):
        booked(portfolio, name, "buy", "10", price, at=NOW - timedelta(days=30 - days))
    return {lot.entry.source_id: lot.pk for lot in Lot.objects.select_related("entry")}


def taken(name: str) -> list[tuple[int, Decimal]]:
    return list(LotDisposal.objects.filter(entry__source_id=name).order_by("pk").values_list("lot_id", "quantity"))


def order(portfolio: Portfolio, **said: object) -> UUID:
    order_id = new_id()
    instruct(portfolio=portfolio, order_id=order_id, now=NOW, **said)  # type: ignore[arg-type]
    return order_id


def test_without_a_word_it_is_first_in_first_out(portfolio: Portfolio, lots: dict[str, int]) -> None:
    booked(portfolio, "s", "sell", "12", "100", order_id=new_id())
    assert taken("s") == [(lots["cheap"], 10), (lots["dear"], 2)]


def test_highest_cost_first(portfolio: Portfolio, lots: dict[str, int]) -> None:
    booked(portfolio, "s", "sell", "12", "100", order_id=order(portfolio, method="hifo"))
    assert taken("s") == [(lots["dear"], 10), (lots["middle"], 2)]
    assert audit(portfolio) == []


def test_chosen_lots_first_over_several_fills_then_the_method(portfolio: Portfolio, lots: dict[str, int]) -> None:
    order_id = order(portfolio, lots=[lots["middle"]], method="hifo")
    booked(portfolio, "s1", "sell", "4", "100", order_id=order_id)
    booked(portfolio, "s2", "sell", "8", "100", order_id=order_id)
    assert taken("s1") == [(lots["middle"], 4)]
    assert taken("s2") == [(lots["middle"], 6), (lots["dear"], 2)]
    assert audit(portfolio) == []


def test_an_order_keeps_what_was_said_first(portfolio: Portfolio, lots: dict[str, int]) -> None:
    order_id = order(portfolio, lots=[lots["middle"]])
    again = instruct(portfolio=portfolio, order_id=order_id, now=NOW, method="hifo")
    assert (again.method, again.lots) == ("fifo", [lots["middle"]])


def test_lots_of_others_and_unknown_methods_are_refused(bob: User, portfolio: Portfolio, lots: dict[str, int]) -> None:
    theirs = open_portfolio(user=bob, name="Bob's", cash=D(0), now=NOW)
    with pytest.raises(InvalidInput) as caught:
        instruct(portfolio=theirs, order_id=new_id(), now=NOW, lots=[lots["dear"]], method="lifo")
    assert set(caught.value.errors) == {"lots", "method"}
