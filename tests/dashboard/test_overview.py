"""The overview: the curve over its ranges, what happens next, notes, and what waits."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from agent.models import AgentRun
from common.clock import now
from common.heartbeats import beat
from dashboard.selectors.coming import headline, process_name
from orders.placing import place
from portfolios.goals.changing import create_goal
from portfolios.ledger import deposit, open_position
from portfolios.models import EquityPoint
from safety.models import SafetyPolicy
from tests.orders.making import Desk

D = Decimal


def record(desk: Desk, *equities: int) -> None:
    """The last one a minute ago, the others each an hour before."""
    moment = now() - timedelta(minutes=1)
    for back, equity in enumerate(reversed(equities)):
        EquityPoint.objects.create(
            portfolio=desk.portfolio, at=moment - timedelta(hours=back), equity=D(equity), cash=D(equity)
        )


def test_the_first_minutes_look_like_a_beginning(site: Client, desk: Desk) -> None:
    assert "has just begun" in site.get("/").content.decode()
    record(desk, 100_000)
    answer = site.get("/")
    assert "has just begun" in answer.content.decode()
    assert len(answer.context["curve"]["points"]) == 2, "up to this moment"


def test_a_deposit_is_no_gain(site: Client, desk: Desk) -> None:
    moment = now()  # the desk's own deposit comes before its first point
    deposit(portfolio=desk.portfolio, amount=D(50_000), now=moment + timedelta(seconds=3))
    for seconds, equity in ((1, 100_000), (2, 101_000), (4, 151_000)):
        EquityPoint.objects.create(
            portfolio=desk.portfolio, at=moment + timedelta(seconds=seconds), equity=D(equity), cash=D(1)
        )
    context = site.get("/").context
    assert (context["gained"], context["gained_percent"], context["paid"]) == (D(1000), D(1), D(50_000))
    assert site.get("/", {"view": "return"}).context["curve"]["points"][-1]["value"] == pytest.approx(1.0)


def test_drawdown_hangs_below_the_high(site: Client, desk: Desk) -> None:
    record(desk, 100_000, 110_000, 99_000)
    curve = site.get("/", {"view": "drawdown", "range": "1d"}).context["curve"]
    assert [point["value"] for point in curve["points"]] == pytest.approx([0, 0, -10])
    assert curve["percent"]


def test_ranges_look_back_as_far_as_they_say(site: Client, desk: Desk) -> None:
    for days in (2, 20, 60, 200, 500):
        EquityPoint.objects.create(portfolio=desk.portfolio, at=now() - timedelta(days=days), equity=D(1), cash=D(1))
    record(desk, 100_000)
    lengths = {
        key: len(site.get("/", {"range": key}).context["curve"]["points"]) for key in ("1w", "1m", "3m", "1y", "all")
    }
    assert lengths == {"1w": 2, "1m": 3, "3m": 4, "1y": 5, "all": 6}
    assert site.get("/", {"range": "forever", "view": "?"}).context["curve_range"] == "1m"


def test_the_ring_shows_the_goal_outside_it(site: Client, desk: Desk) -> None:
    moment = now()
    open_position(portfolio=desk.portfolio, symbol="AAPL", quantity=D(250), price=D(90), at=moment, now=moment)
    data = {"name": "Half", "target_weights": {"AAPL": "0.5", "MSFT": "0.25", "CASH": "0.25"}}
    create_goal(user=desk.user, data=data, now=moment, actor="ada")
    answer = site.get("/")
    rows = {row["label"]: (row["percent"], row["target"]) for row in answer.context["allocation"]}
    assert rows == {"AAPL": (D(20), D(50)), "MSFT": (D(0), D(25)), "Cash": (D(80), D(25))}
    page = answer.content.decode()
    assert "Outside its bands: " in page
    assert "Half" in site.get("/parts/next/").content.decode()
    assert "target 50.00%" in site.get("/parts/allocation/").content.decode()


def test_what_waits_for_a_person_comes_first(site: Client, desk: Desk) -> None:
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=D("0.5"))
    for _ in range(5):
        place(desk.intent(), now=now())
    page = site.get("/").content.decode()
    assert "Waiting for your decision" in page
    assert "2 more" in page
    assert "Buy 10 AAPL" in site.get("/parts/waiting/").content.decode()


def test_the_agents_notes_are_its_reports_first_words(site: Client, desk: Desk) -> None:
    report = {"report": {"summary": "Apple is 40 % of everything.\nMore."}, "offline": True}
    AgentRun.objects.create(
        user=desk.user, portfolio=desk.portfolio, trigger="manual", mode="report", provider="offline",
        state="succeeded", report=report, created_at=now(),
    )  # fmt: skip
    page = site.get("/").content.decode()
    assert "Apple is 40 % of everything." in page
    assert "More." not in page
    assert "written by rules" in page
    assert headline({}) == ""
    assert headline({"report": {"summary": "x" * 500}}).endswith("…")


def test_processes_have_names(site: Client) -> None:
    beat("feed:demo", now=now())
    beat("sweeper", now=now())
    page = site.get("/").content.decode()
    assert "Price feed (demo)" in page
    assert "Safety sweeper" in page
    assert "feed:demo" not in page
    assert process_name("queue_watch:x") == "Queue watch x"


@pytest.mark.parametrize(
    "name", ["worth", "holdings", "allocation", "protection", "next", "waiting", "notes", "health"]
)
def test_parts_are_ones_own(site: Client, other: Desk, name: str) -> None:
    assert site.get(f"/parts/{name}/").status_code == 200
    if name in ("worth", "holdings", "allocation", "protection", "next"):
        assert site.get(f"/parts/{name}/", {"portfolio": str(other.portfolio.pk)}).status_code == 404
