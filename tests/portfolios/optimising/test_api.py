"""The optimiser's door: proposals from stored bars, with the trades they would cause."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from portfolios.ledger import book_fills
from portfolios.models import LedgerEntry, Portfolio
from tests.portfolios.conftest import NOW, D, make_instruments, set_price
from tests.portfolios.history import TICKERS, closes, store_history
from tests.portfolios.oracles import EXPECTED, SHORT
from tests.portfolios.test_api import client
from tests.portfolios.test_ledger import fill

PATH = "/api/portfolio/optimize/"


@pytest.fixture(autouse=True)
def at_the_end_of_the_bars(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def market(db: None) -> None:
    make_instruments(*TICKERS)
    for ticker in TICKERS:
        store_history(ticker, closes(ticker, SHORT))
        set_price(ticker, f"{closes(ticker, 1)[0]:.2f}")


def ask(user: User, expect: int = 200, **body: Any) -> Any:
    answer = client(user).post(PATH, body, format="json")
    assert answer.status_code == expect, answer.json()
    return answer.json()


def test_the_weights_are_the_librarys_to_the_basis_point(ann: User, market: None) -> None:
    """PyPortfolioOpt 1.6.0 (tests/portfolios/oracles/make.py)."""
    bounds = {"min_weight": "0.05", "max_weight": "0.3"}
    found = ask(ann, symbols=list(TICKERS), method="max_sharpe", risk_free=0.02, **bounds)
    says = dict(zip(TICKERS, EXPECTED["optimising"]["max_sharpe_bounded"], strict=True))
    for one in found["weights"]:
        assert float(one["weight"]) == pytest.approx(says[one["symbol"]], abs=1e-4)
    assert sum(Decimal(one["weight"]) for one in found["weights"]) == 1
    assert sum(Decimal(weight) for weight in found["target_weights"].values()) == 1
    assert sum(one["risk_share"] for one in found["weights"]) == pytest.approx(1)
    assert found["days"] == SHORT - 1
    assert found["promise"]["sharpe"] > found["equal_weight"]["sharpe"]
    assert (found["plan"], found["current"]) == (None, None)


def test_a_portfolio_sees_the_trades(ann: User, portfolio: Portfolio, market: None) -> None:
    fills = [fill("1", quantity="50", price="400"), fill("2", symbol="MSFT", quantity="100", price="30")]
    book_fills(portfolio=portfolio, fills=fills, now=NOW)
    before = LedgerEntry.objects.count()
    found = ask(ann, portfolio=str(portfolio.pk), method="risk_parity")
    assert [one["symbol"] for one in found["weights"]] == ["AAPL", "MSFT"]
    assert found["current"] is not None
    assert {trade["side"] for trade in found["plan"]["trades"]} == {"buy"}
    invested = sum(Decimal(trade["value"]) for trade in found["plan"]["trades"])
    assert invested == pytest.approx(D(77_000), abs=100)
    assert LedgerEntry.objects.count() == before


def test_a_plan_that_is_not_possible_says_why(ann: User, portfolio: Portfolio, market: None) -> None:
    make_instruments("DARK")
    book_fills(portfolio=portfolio, fills=[fill("1", symbol="DARK", price="1")], now=NOW)
    found = ask(ann, symbols=["AAPL", "MSFT"], portfolio=str(portfolio.pk), method="equal_weight")
    assert found["plan"] is None
    assert "DARK" in found["plan_problem"]
    assert found["target_weights"] == {"AAPL": "0.5", "MSFT": "0.5"}


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"symbols": ["AAPL"]}, "symbols", "2 to 50"),
        ({"symbols": ["AAPL", "aapl"]}, "symbols", "more than once"),
        ({"symbols": ["AAPL", "NOPE"]}, "symbols", "NOPE is not known"),
        ({"method": "magic"}, "method", "magic"),
        ({"method": "target_return"}, "target_return", "needs the annual return"),
        ({"method": "target_return", "target_return": 9}, "target_return", "out of reach"),
        ({"target_return": 0.1}, "target_return", "aims for no return"),
        ({"bounds": {"AAPL": {"min": "0.7", "max": "0.6"}}}, "bounds.AAPL", "swap"),
        ({"bounds": {"IBM": {"max": "0.6"}}}, "bounds.IBM", "not among"),
        ({"min_weight": "0.6"}, "min_weight", "sum to 1.2"),
        ({"max_weight": "0.4"}, "max_weight", "sum to 0.8"),
        ({"max_weight": "1.1"}, "max_weight", "less than or equal to 1"),
        ({"days": 10}, "days", "60"),
        ({"colour": "red"}, "colour", "Unknown"),
    ],
)
def test_a_bad_wish_is_refused_by_field(ann: User, market: None, body: dict[str, Any], field: str, says: str) -> None:
    errors = ask(ann, 400, **{"symbols": ["AAPL", "MSFT"], "method": "min_variance", **body})["errors"]
    assert list(errors) == [field]
    assert says in " ".join(errors[field])


def test_every_error_at_once(ann: User, market: None) -> None:
    body = {"symbols": ["AAPL", "NOPE"], "method": "target_return", "bounds": {"IBM": {"max": "0.6"}}}
    assert set(ask(ann, 400, **body)["errors"]) == {"symbols", "target_return", "bounds.IBM"}


def test_too_few_bars_name_the_symbol(ann: User, market: None) -> None:
    make_instruments("YOUNG", "ODD")
    store_history("YOUNG", closes("FB", 60))
    errors = ask(ann, 400, symbols=["AAPL", "YOUNG"], method="hrp")["errors"]
    assert errors["symbols"][0].startswith("YOUNG has 60 daily closes")
    store_history("ODD", closes("IBM", 100), last=NOW.date().replace(month=5))
    errors = ask(ann, 400, symbols=["AAPL", "MSFT", "ODD"], method="hrp", days=160)["errors"]
    assert "drop ODD" in errors["symbols"][0]


def test_another_users_portfolio_does_not_exist(bob: User, portfolio: Portfolio, market: None) -> None:
    for key in (portfolio.pk, uuid4()):
        ask(bob, 404, symbols=["AAPL", "MSFT"], method="hrp", portfolio=str(key))
