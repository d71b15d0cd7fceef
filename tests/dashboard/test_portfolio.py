"""The portfolio's tabs: what they show, their filters, and that another's portfolio does not exist."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from common.clock import now
from markets.models import Bar
from portfolios.importing.booking import import_history
from portfolios.ledger import deposit, open_position, withdraw
from portfolios.models import EquityPoint
from tests.orders.making import Desk, open_desk

D = Decimal
TABS = ("", "lots/", "ledger/", "performance/", "risk/", "weights/", "transfers/", "import/")
NEW_YORK = ZoneInfo("America/New_York")


def hold(desk: Desk, symbol: str, shares: int, cost: str, *, days_ago: int = 0) -> None:
    moment = now()
    open_position(
        portfolio=desk.portfolio,
        symbol=symbol,
        quantity=D(shares),
        price=D(cost),
        at=moment - timedelta(days=days_ago),
        now=moment,
    )


def past(desk: Desk, days: int = 130) -> None:
    """Daily closes of three symbols, and a curve that follows one of them; SPY does not exist here."""
    today = now().astimezone(NEW_YORK).date()
    found = [today - timedelta(days=n) for n in range(days, 0, -1)]
    sessions = [day for day in found if day.weekday() < 5]
    for number, symbol in enumerate(("AAPL", "MSFT", "NVDA")):
        Bar.objects.bulk_create(
            Bar(
                instrument_id=symbol, timeframe="1d", at=datetime.combine(day, datetime.min.time(), ZoneInfo("UTC")),
                open=D(100), high=D(120), low=D(80), close=D(90 + (place * (number + 3)) % 17), source="test",
            )
            for place, day in enumerate(sessions)
        )  # fmt: skip
    EquityPoint.objects.bulk_create(
        EquityPoint(
            portfolio=desk.portfolio,
            at=datetime.combine(day, datetime.min.time(), NEW_YORK) + timedelta(hours=16),
            equity=D(100_000 + (place * 37) % 900),
            cash=D(100_000),
        )
        for place, day in enumerate(sessions)
    )


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_shows_in_an_empty_portfolio_and_marks_itself(site: Client, tab: str) -> None:
    """The first is what the two menus lead to, too."""
    answer = site.get(f"/portfolio/{tab}")
    assert answer.status_code == 200
    assert answer.content.decode().count(f'<a href="/portfolio/{tab}" aria-current="page">') == (1 if tab else 3)


@pytest.mark.parametrize("tab", TABS)
def test_another_users_portfolio_does_not_exist(site: Client, other: Desk, tab: str) -> None:
    assert site.get(f"/portfolio/{tab}", {"portfolio": str(other.portfolio.pk)}).status_code == 404
    assert site.post(f"/portfolio/{tab}?portfolio={other.portfolio.pk}").status_code in (404, 405)


def test_holdings_can_be_sorted(site: Client, desk: Desk) -> None:
    hold(desk, "MSFT", 30, "90")
    hold(desk, "AAPL", 10, "50")

    def order(sort: str) -> list[str]:
        return [row.holding.symbol for row in site.get("/portfolio/", {"sort": sort}).context["positions"]]

    assert order("value") == order("no such column") == ["MSFT", "AAPL"]
    assert order("symbol") == ["AAPL", "MSFT"]
    assert order("gain") == ["AAPL", "MSFT"]


def test_holdings_show_today_and_their_way(site: Client, desk: Desk) -> None:
    past(desk)
    hold(desk, "AAPL", 10, "50")
    desk.portfolio.holdings.get().instrument.quote.__class__.objects.filter(pk="AAPL").update(prev_close=D(80))
    (row,) = site.get("/portfolio/").context["positions"]
    assert (row.day_percent, row.day_gain) == (D(25), D(200))
    assert row.spark.count(",") > 20


def test_the_allocation_by_asset_class_adds_up(site: Client, desk: Desk) -> None:
    hold(desk, "AAPL", 10, "50")
    hold(desk, "MSFT", 10, "50")
    context = site.get("/portfolio/", {"by": "class"}).context
    assert [row["label"] for row in context["allocation"]] == ["Shares", "Cash"]
    assert sum(piece.percent for piece in context["ring"]) == pytest.approx(100)


def test_lots_say_what_a_sale_would_be(site: Client, desk: Desk) -> None:
    hold(desk, "AAPL", 10, "50", days_ago=800)
    hold(desk, "AAPL", 5, "110", days_ago=3)
    hold(desk, "MSFT", 1, "100")
    context = site.get("/portfolio/lots/", {"symbol": "AAPL"}).context
    old, young = context["rows"]
    assert (old["long_term"], old["gain"], young["long_term"], young["gain"]) == (True, D(500), False, D(-50))
    assert 360 <= young["until_long"] <= 364
    assert (context["totals"]["long_term"], context["totals"]["short_term"]) == (D(500), D(-50))
    assert context["lot_symbols"] == ["AAPL", "MSFT"]


def test_the_ledger_is_filtered(site: Client, desk: Desk) -> None:
    moment = now()
    deposit(portfolio=desk.portfolio, amount=D(5), now=moment)
    withdraw(portfolio=desk.portfolio, amount=D(3), now=moment)
    hold(desk, "AAPL", 1, "100")

    def kinds(**query: str) -> list[str]:
        return [entry.kind for entry in site.get("/portfolio/ledger/", query).context["rows"]]

    assert kinds(kind="withdrawal") == ["withdrawal"]
    assert kinds(symbol=" aapl ") == ["opening"]
    assert len(kinds(until=now().date().isoformat())) == 4
    assert kinds(since="2100-01-01") == []


@pytest.mark.parametrize("query", [{"kind": "gift"}, {"since": "yesterday"}, {"until": "9999-12-31"}])
def test_a_wrong_filter_says_so(site: Client, query: dict[str, str]) -> None:
    (value,) = query.values()
    page = site.get("/portfolio/ledger/", query)
    assert page.status_code == 200
    assert any(value in text for text in page.context["wrong"].values())


def test_the_ledger_file_can_be_imported_again(site: Client, desk: Desk) -> None:
    moment = now()
    text = (
        "date,type,symbol,quantity,price,amount,fee,note\n2026-01-05,buy,AAPL,10,100,,1,=1+1\n"
        "2026-01-06,sell,AAPL,4,110,,,\n2026-01-07,dividend,AAPL,,,2.60,,\n"
    )
    import_history(portfolio=desk.portfolio, text=text, now=moment, allow_negative_cash=True)
    answer = site.get("/portfolio/ledger.csv")
    assert answer["Content-Disposition"].startswith('attachment; filename="main-ledger-')
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert "'=1+1" in {row["note"] for row in rows}, "no formula for a spreadsheet"
    twin = open_desk("twin", cash="0", now=moment)
    report = import_history(portfolio=twin.portfolio, text=answer.content.decode(), now=now(), allow_negative_cash=True)
    desk.portfolio.refresh_from_db()
    assert report.cash == desk.portfolio.cash
    assert [(held.symbol, held.quantity) for held in report.holdings] == [("AAPL", D(6))]


def test_performance_has_figures_charts_and_months(site: Client, desk: Desk) -> None:
    past(desk)
    hold(desk, "AAPL", 10, "50")
    answer = site.get("/portfolio/performance/", {"benchmark": "AAPL", "risk_free": "4"})
    page, context = answer.content.decode(), answer.context
    assert len(context["growth"]["points"]) == len(context["falls"]["points"]) > 80
    assert context["growth"]["benchmark"]
    assert len(context["rolling"]["points"]) > 50
    assert context["sheet"].heat is not None
    for words in ("Key figures", "Return on your dollars", "Deepest falls", "Months", "format_=pdf", "Rolling 21 days"):
        assert words in page


def test_performance_of_one_day_says_what_is_missing(site: Client) -> None:
    assert "Two trading days are needed" in site.get("/portfolio/performance/").content.decode()


@pytest.mark.parametrize(("name", "value"), [("benchmark", "NOPE"), ("risk_free", "lots"), ("risk_free", "nan")])
def test_a_wrong_question_says_so(site: Client, name: str, value: str) -> None:
    answer = site.get("/portfolio/performance/", {name: value})
    assert answer.status_code == 200
    assert value in answer.context["wrong"][name]


def test_realised_results_by_year(site: Client, desk: Desk) -> None:
    text = (
        "date,type,symbol,quantity,price,amount\n2024-01-05,buy,AAPL,10,100,\n2025-03-06,sell,AAPL,4,110,\n"
        "2024-02-06,sell,AAPL,1,90,\n2025-04-07,dividend,AAPL,,,2.60\n2025-05-07,interest,,,,-1\n"
    )
    import_history(portfolio=desk.portfolio, text=text, now=now(), allow_negative_cash=True)
    newest, before = site.get("/portfolio/performance/").context["years"]
    assert (newest.year, newest.long_term, newest.dividends, newest.interest) == (2025, D(40), D("2.60"), D(-1))
    assert (before.year, before.short_term, before.total) == (2024, D(-10), D(-10))


def test_risk_has_shares_and_correlations(site: Client, desk: Desk) -> None:
    past(desk)
    for symbol in ("AAPL", "MSFT"):
        hold(desk, symbol, 10, "50")
    answer = site.get("/portfolio/risk/", {"benchmark": "NVDA"})
    assert sum(row["risk_share"] for row in answer.context["rows"]) == pytest.approx(100)
    first, second = answer.context["correlations"]
    assert first["cells"][0] == {"text": "1.00", "shade": "p4"}
    assert first["cells"][1]["text"] == second["cells"][0]["text"]
    assert "What a bad day may cost" in answer.content.decode()


def test_weights_are_proposed_and_become_a_goal(site: Client, desk: Desk) -> None:
    past(desk)
    query = {"symbols": "aapl, msft nvda", "method": "risk_parity", "most": "60", "least": "0", "days": "60"}
    answer = site.get("/portfolio/weights/", query)
    assert answer.status_code == 200, answer.context["form"].errors
    assert sum(row["weight"] for row in answer.context["proposed"]) == 100
    assert "/goals/new/?weights=" in answer.content.decode()
    assert all(f"{symbol}:0." in answer.context["goal_weights"] for symbol in ("AAPL", "MSFT", "NVDA"))


def test_a_wrong_question_for_weights_names_its_field(site: Client, desk: Desk) -> None:
    query: dict[str, Any] = {"symbols": "NOPE", "method": "hrp", "most": "10", "least": "20", "days": "100"}
    answer = site.get("/portfolio/weights/", query)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"symbols", "least"}
    assert site.get("/portfolio/weights/", {**query, "most": "x"}).status_code == 422
