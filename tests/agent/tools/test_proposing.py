"""propose_order, propose_rebalance and notify: written down, looked at, told; never ordered."""

from __future__ import annotations

from datetime import datetime

import pytest
from pydantic import ValidationError

from agent.models import AgentRun, Suggestion
from agent.tools.base import Context
from agent.tools.registry import TOOLS
from alerts.models import Alert
from automation.rebalancing.models import RebalanceRun
from common.errors import Conflict, InvalidInput, NotFound
from orders.models import Order
from tests.agent.tools.conftest import Use
from tests.agent.world import Place, settle
from tests.orders.making import D

pytestmark = pytest.mark.django_db
TRADE = {"symbol": "aapl", "side": "buy", "notional": "500", "rationale": "It fell.", "confidence": "0.9"}


def test_a_proposal_is_written_and_nothing_ordered(use: Use, place: Place) -> None:
    answer = use("propose_order", TRADE, mode="execute")
    found = Suggestion.objects.get(pk=answer.content["suggestion"])
    assert (found.symbol, found.notional, found.state, found.user) == ("AAPL", D(500), "proposed", place.desk.user)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"symbol": "NOPE"}, "not known"),
        ({"quantity": "1"}, "exactly one"),
        ({"symbol": "MSFT", "side": "sell"}, "none of it is held"),
    ],
)
def test_a_proposal_that_makes_no_sense_is_refused(use: Use, changes: dict[str, str], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        use("propose_order", {**TRADE, **changes})


@pytest.mark.parametrize("changes", [{"confidence": "1.01"}, {"notional": "-5"}, {"side": "short"}, {"leverage": "2"}])
def test_a_proposal_out_of_shape_never_begins(use: Use, changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        use("propose_order", {**TRADE, **changes})


def test_a_run_proposes_a_few(use: Use, place: Place, at: datetime) -> None:
    run = AgentRun.objects.create(
        user=place.desk.user, portfolio=place.desk.portfolio, trigger="manual", mode="suggest", provider="offline",
        created_at=at,
    )  # fmt: skip
    context = Context(user=run.user, portfolio=run.portfolio, now=at, run_id=run.pk, mode="suggest")
    tool = TOOLS["propose_order"]
    trade = tool.arguments.model_validate(TRADE)
    for _ in range(10):
        tool.run(trade, context)
    with pytest.raises(Conflict, match="enough"):
        tool.run(trade, context)
    message = TOOLS["notify"].arguments.model_validate({"title": "Look"})
    for _ in range(3):
        TOOLS["notify"].run(message, context)
    with pytest.raises(Conflict, match="told 3 things"):
        TOOLS["notify"].run(message, context)


def test_a_plan_is_shown_and_no_run_started(use: Use, place: Place, at: datetime) -> None:
    answer = use("propose_rebalance", {"goal": str(place.goal.pk), "force": True})
    assert {one["symbol"] for one in answer.content["trades"]} == {"AAPL", "MSFT"}
    assert answer.taint == ""
    assert not RebalanceRun.objects.exists()
    other = settle("bob", at)
    with pytest.raises(NotFound):
        use("propose_rebalance", {"goal": str(other.goal.pk)})


def test_what_is_told_is_marked_as_the_agents(use: Use, place: Place) -> None:
    use("notify", {"title": "AAPL fell", "severity": "warning"})
    alert = Alert.objects.get(title="Agent: AAPL fell")
    assert (alert.user, alert.kind, alert.severity) == (place.desk.user, "note", "warning")
    with pytest.raises(ValidationError):
        use("notify", {"title": "x", "severity": "critical"})
