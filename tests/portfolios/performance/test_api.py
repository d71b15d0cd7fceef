"""The doors of performance and risk."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from portfolios.models import Portfolio
from tests.portfolios.performance.making import make_past
from tests.portfolios.test_api import client, get


@pytest.fixture
def past(ann: User) -> Portfolio:
    return make_past(ann)


def test_performance(ann: User, past: Portfolio) -> None:
    answer = get(ann, past, "performance/", risk_free="0.02")
    assert (answer["period"], answer["days"], answer["risk_free"]) == ("all", 299, 0.02)
    assert answer["money"]["begin"] == "100000.00"
    assert answer["missing"] == {}
    assert isinstance(answer["figures"]["sharpe"], float)
    assert answer["benchmark"]["symbol"] == "SPY"
    assert answer["benchmark"]["missing"] == {}
    assert len(answer["months"]) == 15
    assert answer["trades"]["count"] == 1
    assert [one["symbol"] for one in answer["contributions"]] == ["AAPL", "MSFT"]
    assert answer["drawdowns"][0]["depth"] == answer["figures"]["max_drawdown"]


def test_a_figure_that_is_missing_is_null_and_says_why(ann: User, past: Portfolio) -> None:
    answer = get(ann, past, "performance/", period="1w", benchmark="msft")
    assert answer["figures"]["cagr"] is None
    assert "Less than a year" in answer["missing"]["cagr"]
    assert answer["benchmark"]["symbol"] == "MSFT"


def test_risk(ann: User, past: Portfolio) -> None:
    answer = get(ann, past, "risk/")
    assert answer["days"] == 250
    assert sum(answer["exposure"][name] for name in ("gross", "cash")) == pytest.approx(1)
    assert sum(one["risk_share"] for one in answer["holdings"]) == pytest.approx(1)
    measured = {(one["method"], one["measure"], one["confidence"]): one for one in answer["at_risk"]}
    assert len(measured) == 8
    for method in ("historical", "parametric"):
        for level in (0.95, 0.99):
            at_risk, beyond = (measured[method, name, level] for name in ("value_at_risk", "expected_shortfall"))
            assert 0 < at_risk["share"] <= beyond["share"] < 0.2
            assert float(beyond["dollars"]) == pytest.approx(beyond["share"] * float(answer["equity"]), abs=0.01)
    assert answer["missing"] == {}


def test_risk_of_cash_is_nothing_and_of_the_unpriced_unknown(ann: User, portfolio: Portfolio) -> None:
    answer = get(ann, portfolio, "risk/")
    assert {one["share"] for one in answer["at_risk"]} == {0}
    assert (answer["exposure"]["cash"], answer["concentration"]) == (1, None)
    from portfolios.ledger import book_fills
    from tests.portfolios.conftest import NOW
    from tests.portfolios.test_ledger import fill

    book_fills(portfolio=portfolio, fills=[fill("1")], now=NOW)
    answer = get(ann, portfolio, "risk/")
    assert (answer["equity"], answer["at_risk"]) == (None, [])
    assert "AAPL" in answer["reason"]


def test_a_report_costs_the_same_for_any_past(ann: User, past: Portfolio, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(16):
        get(ann, past, "performance/")


@pytest.mark.parametrize(
    ("below", "query"),
    [
        ("performance/", {"period": "2y"}),
        ("performance/", {"benchmark": "NOSUCH"}),
        ("performance/", {"risk_free": "nan"}),
        ("performance/", {"risk_free": "4"}),
        ("risk/", {"benchmark": "NOSUCH"}),
        ("risk/", {"period": "1y"}),
    ],
)
def test_a_bad_query_is_refused_by_name(ann: User, portfolio: Portfolio, below: str, query: dict[str, str]) -> None:
    answer = client(ann).get(f"/api/portfolios/{portfolio.pk}/{below}", query)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == list(query)
