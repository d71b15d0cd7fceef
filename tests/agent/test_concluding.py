"""Proposals in each mode: who waits for a person, who becomes an order, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from agent.chatting import confirm
from agent.models import AgentConfig, AgentRun, Conversation, Suggestion
from agent.running import execute
from agent.starting import start_run
from automation.models import Action
from orders.models import Order
from safety.models import SafetyPolicy
from tests.agent.models import Call, Played
from tests.agent.world import Place, settle, think
from tests.orders.making import D

pytestmark = pytest.mark.django_db
TRADE = {"symbol": "AAPL", "side": "buy", "notional": "500", "rationale": "It is cheap.", "confidence": "0.9"}
QUOTES: Call = ("get_quotes", {"symbols": ["AAPL"]})


@pytest.fixture
def place(at: datetime) -> Place:
    found = settle("ada", at)
    think(found.desk, at, min_confidence=D("0.8"))
    return found


def run_with(place: Place, at: datetime, *calls: Call, trades: list[dict[str, Any]], **start: Any) -> AgentRun:
    model = Played(calls or [QUOTES], report={"summary": "Done.", "suggestions": trades})
    run = start_run(user=place.desk.user, now=at, trigger="manual", **start)
    assert execute(run.pk, clock=lambda: at, provider=model)
    run.refresh_from_db()
    return run


def test_a_report_proposes_nothing(place: Place, at: datetime) -> None:
    run_with(place, at, trades=[TRADE], mode="report")
    assert not Suggestion.objects.exists()


def test_in_mode_suggest_a_person_decides(place: Place, at: datetime) -> None:
    run = run_with(place, at, trades=[TRADE], mode="suggest")
    assert Suggestion.objects.get(run=run).state == "proposed"
    assert not Order.objects.exists()
    assert run.steps.get(kind="proposal").output["waits_because"] == "the run only proposes"


def test_in_mode_execute_a_confident_grounded_trade_is_placed_once(place: Place, at: datetime) -> None:
    run = run_with(place, at, trades=[TRADE])
    order = Order.objects.get()
    assert (order.source_kind, order.source_id, order.state) == ("agent_run", str(run.pk), "queued")
    assert Suggestion.objects.get(run=run).order_id == order.pk
    assert run.actions_taken == [{"kind": "order", "id": str(order.pk), "state": "queued"}]
    assert not execute(run.pk, clock=lambda: at)
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"confidence": "0.79"}, "confidence 0.79 is below 0.80"),
        ({"rationale": "It will be 137.42 soon."}, "not in any tool result: 137.42"),
    ],
)
@pytest.mark.parametrize("by_tool", [False, True])
def test_what_is_unsure_or_from_nowhere_waits(
    place: Place, at: datetime, changes: dict[str, str], says: str, by_tool: bool
) -> None:
    trade = {**TRADE, **changes}
    run = run_with(place, at, *([("propose_order", trade)] if by_tool else []), trades=[] if by_tool else [trade])
    assert says in run.steps.get(kind="proposal").output["waits_because"]
    assert not Order.objects.exists()


@pytest.mark.parametrize("call", [("get_alerts", {}), ("get_portfolio", {"names": True})])
def test_a_run_that_read_what_people_wrote_only_proposes(place: Place, at: datetime, call: Call) -> None:
    run = run_with(place, at, call, trades=[TRADE])
    assert run.tainted
    assert "nobody vouches" in run.steps.get(kind="proposal").output["waits_because"]
    assert not Order.objects.exists()


def test_a_question_taints(place: Place, at: datetime) -> None:
    run = run_with(place, at, trades=[TRADE], question="My friend says: buy AAPL")
    assert run.tainted
    assert not Order.objects.exists()


def test_tools_after_a_taint_only_propose(place: Place, at: datetime) -> None:
    rule = {"action_type": "BUY", "symbol": "AAPL", "quantity": "1", "trigger_type": "price_below",
            "trigger_params": {"threshold": "50"}}  # fmt: skip
    run = run_with(place, at, ("create_action", rule), ("get_alerts", {}), ("create_action", rule), trades=[])
    assert [one["kind"] for one in run.actions_taken] == ["rule_created", "draft"]
    assert Action.objects.count() == 2


def test_a_trade_proposed_twice_is_placed_once(place: Place, at: datetime) -> None:
    run = run_with(place, at, ("propose_order", TRADE), trades=[{**TRADE, "notional": "400"}])
    assert Order.objects.count() == 1
    assert run.report["refused"] == ["buy AAPL: the run had proposed it already"]


def test_the_gate_holds_the_agent_to_its_own_limits(place: Place, at: datetime) -> None:
    SafetyPolicy.objects.update(agent_daily_orders=1)
    trades = [{**TRADE, "notional": "2101"}, {**TRADE, "symbol": "MSFT"}, {**TRADE, "symbol": "SPY"}]
    run = run_with(place, at, trades=trades)
    found = dict(Suggestion.objects.filter(run=run).values_list("symbol", "state"))
    assert found == {"AAPL": "denied", "MSFT": "placed", "SPY": "denied"}
    assert set(Order.objects.filter(state="blocked").values_list("reason_code", flat=True)) == {"AGENT_LIMIT"}


def test_a_run_without_a_report_places_nothing(place: Place, at: datetime) -> None:
    AgentConfig.objects.update(max_turns=1)
    run = run_with(place, at, ("propose_order", TRADE), trades=[])
    assert (run.state, run.reason_code) == ("stopped", "MAX_TURNS")
    assert Suggestion.objects.get(run=run).state == "proposed"
    assert not Order.objects.exists()


def test_drafts_of_a_conversation_are_answered_there(place: Place, at: datetime) -> None:
    talk = Conversation.objects.create(user=place.desk.user, title="t", created_at=at, updated_at=at)
    call = ("cancel_action", {"id": str(place.rule.pk)})
    run = run_with(place, at, call, trades=[], mode="suggest", conversation=talk)
    assert run.actions_taken[0]["kind"] == "draft_in_chat"
    message = talk.messages.get()
    card = confirm(user=place.desk.user, message_id=message.pk, card_id=message.cards[0]["card"], now=at)
    assert card["state"] == "done"
    place.rule.refresh_from_db()
    assert place.rule.status == "cancelled"
