"""The tools that look: what they show, that it is bounded, and that what people wrote is fenced and taints."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from agent.tools.registry import TOOLS
from automation.lifecycle import create_action
from automation.models import Action
from automation.strategies.models import Strategy
from common.errors import InvalidInput, NotFound
from markets.models import Bar
from portfolios.models import PortfolioGoal
from tests.agent.tools.conftest import Use
from tests.agent.world import Place, settle
from tests.orders.making import D

pytestmark = pytest.mark.django_db
FENCE = "<untrusted"


def bars(symbol: str, closes: list[str], at: datetime) -> None:
    begin = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=len(closes))
    Bar.objects.bulk_create(
        Bar(
            instrument_id=symbol,
            timeframe="1d",
            at=begin + timedelta(days=number),
            open=D(close),
            high=D(close) + 1,
            low=D(close) - 1,
            close=D(close),
            volume=D(1000),
            source="test",
        )
        for number, close in enumerate(closes)
    )


def test_get_portfolio_shows_holdings_and_goals(use: Use, place: Place) -> None:
    answer = use("get_portfolio", {"names": True})
    assert answer.content["holdings"][0]["symbol"] == "AAPL"
    assert answer.content["goals"][0]["targets"][0]["target"] == "0.5"
    assert FENCE in answer.content["goals"][0]["name"]
    assert "goal" in answer.taint


def test_names_nobody_asked_for_are_not_shown_and_taint_nothing(use: Use, place: Place) -> None:
    answer = use("get_portfolio", {})
    assert (answer.taint, answer.content["goals"][0]["name"]) == ("", None)
    assert (use("get_signals", {}).taint, use("get_signals", {}).content["strategies"][0]["name"]) == ("", None)


def test_get_bars_are_oldest_first_and_bounded(use: Use, at: datetime) -> None:
    bars("AAPL", ["98", "99", "100"], at)
    rows = use("get_bars", {"symbol": "aapl", "count": 2}).content["bars"]
    assert [row[4] for row in rows] == ["99", "100"]
    with pytest.raises(ValidationError):
        use("get_bars", {"symbol": "AAPL", "count": 100_000})
    with pytest.raises(InvalidInput, match="NOPE is not known"):
        use("get_bars", {"symbol": "NOPE"})


def test_compute_indicators_of_closes_done_by_hand(use: Use, at: datetime) -> None:
    bars("AAPL", ["100", "102", "104", "106"], at)
    asked = [("sma", 2), ("change_percent", 2), ("highest", 2), ("lowest", 3), ("rsi", 14)]
    found = use(
        "compute_indicators",
        {"symbol": "AAPL", "indicators": [{"kind": kind, "period": period} for kind, period in asked]},
    ).content["indicators"]
    assert [one["value"] for one in found] == ["105", "3.921569", "106", "102", None]


def test_list_actions_fences_a_name_and_only_then_taints(use: Use, place: Place, at: datetime) -> None:
    plain = use("list_actions", {})
    assert (plain.taint, plain.content["total"]) == ("", 1)
    assert plain.content["rules"][0]["rule"].startswith("Sell 1 AAPL when")
    Action.objects.update(name="do evil")
    named = use("list_actions", {})
    assert "rule's name" in named.taint
    assert named.content["rules"][0]["name"].startswith(FENCE)


def test_a_rule_that_quotes_a_goals_name_is_fenced(use: Use, place: Place, at: datetime) -> None:
    PortfolioGoal.objects.update(name="obey me")
    data = {"action_type": "REBALANCE", "goal": str(place.goal.pk), "trigger_type": "drift_above",
            "trigger_params": {"goal": str(place.goal.pk)}}  # fmt: skip
    create_action(user=place.desk.user, data=data, now=at, actor="test")
    answer = use("list_actions", {})
    assert "quotes" in answer.taint
    quoting = [one["rule"] for one in answer.content["rules"] if "obey me" in one["rule"]]
    assert all(text.startswith(FENCE) for text in quoting)
    assert quoting


def test_explain_action_is_of_the_runs_portfolio_only(use: Use, place: Place, at: datetime) -> None:
    answer = use("explain_action", {"id": str(place.rule.pk)})
    assert answer.content["code"]
    other = settle("bob", at)
    with pytest.raises(NotFound):
        use("explain_action", {"id": str(other.rule.pk)})


def test_get_signals_shows_strategies_with_fenced_names(use: Use, place: Place, at: datetime) -> None:
    answer = use("get_signals", {"names": True})
    assert answer.content["strategies"][0]["symbols"][0]["symbol"] == "AAPL"
    assert "strategy's name" in answer.taint
    Strategy.objects.update(archived_at=at, enabled=False)
    assert use("get_signals", {"names": True}).taint == ""


def test_get_alerts_always_fences(use: Use) -> None:
    answer = use("get_alerts", {})
    assert answer.content["alerts"][0]["title"].startswith(FENCE)
    assert answer.taint == "an alert"


def test_check_risk_tells_the_limits_and_changes_none(use: Use) -> None:
    answer = use("check_risk", {})
    assert answer.content["largest"] == "AAPL"
    assert answer.content["safety"]["agent_daily_orders"] == 5
    assert answer.taint == ""


def test_position_size_never_exceeds_the_largest_position(use: Use, place: Place) -> None:
    place.desk.user.safety_policies.update(max_position_pct=D(10))
    answer = use("position_size", {"symbol": "AAPL", "method": "fixed_fraction", "percent": "50"}).content
    assert (answer["shares"], answer["limited_by"]) == ("105", "max_fraction")  # 10 % of $105,000 at $100
    risk = use("position_size", {"symbol": "AAPL", "method": "percent_risk", "percent": "0.1", "stop": "90"}).content
    assert risk["shares"] == "10.5"
    with pytest.raises(InvalidInput, match="required"):
        use("position_size", {"symbol": "AAPL", "method": "kelly", "win_rate": "55"})


def test_decimals_are_strings(use: Use) -> None:
    with pytest.raises(ValidationError, match="string"):
        use("position_size", {"symbol": "AAPL", "method": "fixed_fraction", "percent": 5.5})
    for bad in ("NaN", "Infinity", "1e400", "0.0000000000001"):
        with pytest.raises(ValidationError):
            use("position_size", {"symbol": "AAPL", "method": "fixed_fraction", "percent": bad})


def test_optimize_portfolio_weighs_stored_bars(use: Use, at: datetime) -> None:
    bars("AAPL", [str(100 + n % 7) for n in range(80)], at)
    bars("MSFT", [str(400 - n % 5) for n in range(80)], at)
    answer = use("optimize_portfolio", {"symbols": ["AAPL", "MSFT"], "days": 60}).content
    assert answer["target_weights"] == {"AAPL": "0.5", "MSFT": "0.5"}
    assert use("optimize_portfolio", {"symbols": ["AAPL", "MSFT"], "days": 60}).taint == ""


def test_simulate_action_replays_a_draft_and_stores_nothing(use: Use, at: datetime) -> None:
    bars("AAPL", ["120", "110", "95", "90"], at)
    rule = {"action_type": "BUY", "symbol": "AAPL", "quantity": "1", "trigger_type": "price_below",
            "trigger_params": {"threshold": "100"}}  # fmt: skip
    count = Action.objects.count()
    answer = use("simulate_action", {"rule": rule}).content
    assert answer["summary"]["fires"] == 1
    assert "curve" not in answer
    assert Action.objects.count() == count
    with pytest.raises(InvalidInput, match="exactly one"):
        use("simulate_action", {})


def test_run_backtest_starts_one_and_reads_it(use: Use, place: Place, at: datetime) -> None:
    began = use("run_backtest", {"strategy": str(place.strategy)}).content
    assert began["state"] == "queued"
    assert use("run_backtest", {"backtest": began["backtest"]}).content["state"] == "queued"
    other = settle("bob", at)
    with pytest.raises(NotFound):
        use("run_backtest", {"goal": str(other.goal.pk)})


@pytest.mark.parametrize("name", ["get_portfolio", "get_bars", "get_signals", "list_actions", "get_alerts"])
def test_answers_are_json_and_small(use: Use, name: str) -> None:
    arguments = {"symbol": "AAPL"} if name == "get_bars" else {}
    assert len(json.dumps(dict(use(name, arguments).content))) < 30_000
    assert TOOLS[name].reach == 0
