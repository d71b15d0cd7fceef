"""The portfolio doors: what they show, and that another user sees nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from portfolios.ledger import book_fills
from portfolios.models import EquityPoint, Portfolio
from portfolios.opening import open_portfolio
from tests.portfolios.conftest import NOW, D, set_price
from tests.portfolios.test_ledger import fill

BELOW = ("", "holdings/", "lots/", "transactions/", "equity-curve/", "audit/", "performance/", "risk/", "tear-sheet/")


def client(user: User) -> APIClient:
    made = APIClient()
    made.force_authenticate(user)
    return made


@pytest.fixture
def books(portfolio: Portfolio) -> Portfolio:
    """Bought 10 AAPL and 2.5 MSFT, sold 4 AAPL; MSFT has no quote."""
    fills = [fill("1"), fill("2", "sell", "4", "110", fee=D(1)), fill("3", symbol="MSFT", quantity="2.5")]
    book_fills(portfolio=portfolio, fills=fills, now=NOW)
    set_price("AAPL", "120")
    return portfolio


def get(user: User, portfolio: Portfolio, below: str, **query: Any) -> Any:
    answer = client(user).get(f"/api/portfolios/{portfolio.pk}/{below}", query)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_list_and_one(ann: User, books: Portfolio) -> None:
    set_price("MSFT", "100")
    (listed,) = client(ann).get("/api/portfolios/").json()["results"]
    assert listed == get(ann, books, "")
    assert listed["cash"] == "99189.00"
    assert listed["equity"] == "100159.00"
    assert (listed["day_start_equity"], listed["day_pnl"]) == ("100000.00", "159.00")
    assert listed["unpriced"] == []


def test_a_portfolio_that_cannot_be_valued_says_why(ann: User, books: Portfolio) -> None:
    answer = get(ann, books, "")
    assert (answer["equity"], answer["day_pnl"], answer["unpriced"]) == (None, None, ["MSFT"])


def test_the_list_costs_the_same_for_many(ann: User, books: Portfolio, django_assert_num_queries: Any) -> None:
    browser = client(ann)
    with django_assert_num_queries(4):
        browser.get("/api/portfolios/")
    for number in range(5):
        open_portfolio(user=ann, name=f"P{number}", cash=D(1), now=NOW)
    with django_assert_num_queries(4):
        assert browser.get("/api/portfolios/").json()["count"] == 6


def test_holdings(ann: User, books: Portfolio) -> None:
    answer = get(ann, books, "holdings/")
    assert answer["count"] == 2
    aapl, msft = answer["results"]
    assert aapl == {
        "symbol": "AAPL",
        "quantity": "6",
        "cost": "600.00",
        "price": "120",
        "value": "720.00",
        "unrealised": "120.00",
        "as_of": "2026-11-20T15:00:00Z",
    }
    assert (msft["quantity"], msft["price"], msft["value"]) == ("2.5", None, None)
    assert len(get(ann, books, "holdings/", page_size=1)["results"]) == 1


def test_lots(ann: User, books: Portfolio) -> None:
    assert [lot["symbol"] for lot in get(ann, books, "lots/")["results"]] == ["AAPL", "MSFT"]
    (lot,) = get(ann, books, "lots/", symbol="aapl", open="true")["results"]
    assert (lot["quantity"], lot["open_quantity"], lot["cost"], lot["open_cost"]) == ("10", "6", "1000.00", "600.00")
    assert get(ann, books, "lots/", open="false")["count"] == 0


def test_transactions(ann: User, books: Portfolio) -> None:
    answer = get(ann, books, "transactions/")
    assert [row["kind"] for row in answer["results"]] == ["fee", "buy", "sell", "buy", "deposit"]
    (sale,) = get(ann, books, "transactions/", kind="sell", since="2026-11-20T15:00:00Z")["results"]
    assert (sale["symbol"], sale["quantity"], sale["price"], sale["amount"]) == ("AAPL", "-4", "110", "440.00")
    assert get(ann, books, "transactions/", until="2026-11-20T15:00:00Z")["count"] == 0


def test_equity_curve(ann: User, books: Portfolio) -> None:
    for hours in (0, 1, 30):
        EquityPoint.objects.create(portfolio=books, at=NOW + timedelta(hours=hours), equity=hours, cash=1)
    answer = get(ann, books, "equity-curve/")
    assert answer["resolution"] == "day"
    assert [point["equity"] for point in answer["points"]] == ["1.00", "30.00"]
    hourly = get(ann, books, "equity-curve/", resolution="hour", start="2026-11-20T15:30:00Z")
    assert [point["at"] for point in hourly["points"]] == ["2026-11-20T16:00:00Z", "2026-11-21T21:00:00Z"]


def test_audit(ann: User, books: Portfolio) -> None:
    assert get(ann, books, "audit/") == {"agrees": True, "discrepancies": []}
    Portfolio.objects.update(cash=1)
    (found,) = get(ann, books, "audit/")["discrepancies"]
    assert (found["code"], found["expected"], found["found"]) == ("cash", "99189", "1")


@pytest.mark.parametrize("query", [{"resolution": "week"}, {"start": "yesterday"}, {"form": "x"}])
def test_a_bad_query_is_refused(ann: User, books: Portfolio, query: dict[str, str]) -> None:
    answer = client(ann).get(f"/api/portfolios/{books.pk}/equity-curve/", query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(query)


@pytest.mark.parametrize("below", BELOW)
def test_another_user_sees_nothing(bob: User, books: Portfolio, below: str) -> None:
    assert client(bob).get(f"/api/portfolios/{books.pk}/{below}").status_code == 404
    assert client(bob).get(f"/api/portfolios/{uuid4()}/{below}").status_code == 404
    assert client(bob).get("/api/portfolios/").json()["results"] == []
    assert APIClient().get(f"/api/portfolios/{books.pk}/{below}").status_code == 401


@pytest.mark.parametrize("below", BELOW)
def test_nothing_can_be_written(ann: User, books: Portfolio, below: str) -> None:
    for verb in ("post", "put", "patch", "delete"):
        assert getattr(client(ann), verb)(f"/api/portfolios/{books.pk}/{below}").status_code == 405
