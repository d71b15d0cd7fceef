"""The agent's real tools through MCP: they look, they propose, and nothing is ordered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.mcp.calling import Caller, call, tools_for
from agent.models import AgentRun, Suggestion
from agent.tools.base import Reach
from agent.tools.registry import TOOLS
from automation.models import Action
from orders.models import Order
from tests.orders.making import NOW, Desk, open_desk, open_market, quote

pytestmark = pytest.mark.django_db
TRADE = {
    "symbol": "AAPL",
    "side": "buy",
    "quantity": "1",
    "rationale": "It fell.",
    "confidence": "1",
}


@pytest.fixture
def desk() -> Desk:
    open_market()
    quote("AAPL", "100", at=NOW)
    return open_desk("ada", now=NOW)


def use(desk: Desk, name: str, reach: Reach = Reach.PROPOSE, **arguments: Any) -> dict[str, Any]:
    return dict(json.loads(call(Caller(user=desk.user, reach=reach), name, arguments, now=NOW).text))


def test_a_trade_token_sees_what_proposes_and_no_token_what_acts(desk: Desk) -> None:
    for reach in (Reach.READ, Reach.PROPOSE):
        shown = {spec.name for spec in tools_for(Caller(user=desk.user, reach=reach))}
        assert shown == {name for name, tool in TOOLS.items() if tool.reach <= reach}
    assert "propose_order" not in {spec.name for spec in tools_for(Caller(user=desk.user, reach=Reach.READ))}


def test_a_proposal_waits_for_a_person_however_sure_it_is(desk: Desk) -> None:
    told = use(desk, "propose_order", **TRADE)
    suggestion = Suggestion.objects.get(pk=told["suggestion"])
    assert suggestion.state == "proposed" and suggestion.run.user == desk.user
    assert suggestion.run.tainted and suggestion.run.actions_taken == [{"kind": "suggestion", "id": told["suggestion"]}]
    for _ in range(12):
        last = use(desk, "propose_order", **TRADE)
    assert "that is enough" in last["error"]
    assert Suggestion.objects.count() == 10 and AgentRun.objects.count() == 1
    assert not Order.objects.exists()


def test_looking_shows_ones_own_portfolio_only(desk: Desk) -> None:
    bob = open_desk("bob", now=NOW)
    assert use(desk, "get_portfolio") and use(bob, "list_actions")
    assert "error" in use(bob, "get_portfolio", portfolio=str(desk.portfolio.pk))


def test_nothing_a_caller_can_send_changes_a_rule(desk: Desk) -> None:
    for name, tool in TOOLS.items():
        if tool.reach > Reach.PROPOSE:
            assert "There is no tool" in use(desk, name)["error"]
    assert not Action.objects.exists()
