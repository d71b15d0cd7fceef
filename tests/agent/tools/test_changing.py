"""The tools that change rules: at once where the run may, else a draft that a person answers once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from agent.answering import accept_draft, decline_draft
from agent.models import AgentConfig, AgentRun
from automation.models import Action, ActionVersion
from common.errors import Conflict, InvalidInput, NotFound
from safety import switch
from tests.agent.tools.conftest import Use
from tests.agent.world import Place, settle
from tests.orders.making import D

pytestmark = pytest.mark.django_db
BUY = {"action_type": "BUY", "symbol": "MSFT", "amount_usd": "500", "trigger_type": "price_below",
       "trigger_params": {"threshold": "300"}}  # fmt: skip
TELL = {"action_type": "NOTIFY", "symbol": "MSFT", "trigger_type": "price_below", "message": "Look",
        "trigger_params": {"threshold": "300"}}  # fmt: skip


def because(answer: Any) -> str:
    return str(answer.content.get("because", ""))


def test_in_mode_execute_a_small_rule_is_made_and_says_who_made_it(use: Use, place: Place) -> None:
    answer = use("create_action", BUY, mode="execute")
    made = Action.objects.get(pk=answer.content["created"])
    assert (made.user, made.portfolio, made.amount_usd) == (place.desk.user, place.desk.portfolio, D(500))
    assert ActionVersion.objects.get(action=made).actor.startswith("agent run ")
    assert answer.done[0]["kind"] == "rule_created"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount_usd": "2101"}, "one order of the agent may be $2100.00"),
        ({"amount_usd": None, "quantity": "6"}, "it trades $2400.00"),
        ({"amount_usd": None, "percent_of_equity": "3"}, "it trades $3150.00"),
        ({"amount_usd": None, "quantity": "1", "order_type": "limit", "limit_price": "5000"}, "it trades $5000.00"),
        ({"max_executions": 6}, "at most 5 times"),
    ],
)
def test_what_is_larger_than_the_agent_may_becomes_a_draft(use: Use, changes: dict[str, Any], says: str) -> None:
    count = Action.objects.count()
    answer = use("create_action", {key: v for key, v in {**BUY, **changes}.items() if v is not None}, mode="execute")
    assert says in because(answer)
    assert Action.objects.count() == count


@pytest.mark.parametrize(("mode", "tainted"), [("suggest", False), ("execute", True)])
def test_elsewhere_it_is_a_draft(use: Use, mode: str, tainted: bool) -> None:
    answer = use("create_action", BUY, mode=mode, tainted=tainted)
    assert answer.done[0]["kind"] == "draft"
    assert answer.done[0]["draft"]["sentence"].startswith("Buy $500 of MSFT")
    assert Action.objects.count() == 1


def test_a_rule_that_only_tells_is_made_by_an_untainted_run_that_proposes(use: Use) -> None:
    assert "created" in use("create_action", TELL).content
    assert "draft" in use("create_action", TELL, tainted=True).content


def test_what_a_person_took_back_counts_at_once(use: Use, place: Place, at: datetime) -> None:
    AgentConfig.objects.update(mode="suggest")
    assert because(use("create_action", BUY, mode="execute")) == "the agent's mode is no longer execute"
    AgentConfig.objects.update(mode="execute")
    user = place.desk.user
    switch.kill(scope="agent", scope_id=str(user.pk), user=user, actor="ada", now=at)
    assert because(use("create_action", BUY, mode="execute")) == "the kill switch is on"


def test_edits_within_limits_are_done_others_drafted(use: Use, place: Place) -> None:
    rule = str(place.rule.pk)
    done = use("update_action", {"id": rule, "quantity": "2"}, mode="execute")
    assert done.content["edited"] == rule
    place.rule.refresh_from_db()
    assert place.rule.quantity == 2
    assert "$4000.00" in because(use("update_action", {"id": rule, "quantity": "40"}, mode="execute"))
    place.rule.refresh_from_db()
    assert place.rule.quantity == 2


@pytest.mark.parametrize("field", ["mode", "override", "portfolio", "user", "group", "goal", "status", "symbol"])
def test_an_edit_cannot_name_what_is_not_the_agents_to_change(use: Use, place: Place, field: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        use("update_action", {"id": str(place.rule.pk), field: "auto"}, mode="execute")


@pytest.mark.parametrize(("verb", "status"), [("pause", "paused"), ("cancel", "cancelled")])
def test_a_rule_is_paused_or_cancelled(use: Use, place: Place, verb: str, status: str) -> None:
    use("cancel_action", {"id": str(place.rule.pk), "verb": verb})
    place.rule.refresh_from_db()
    assert place.rule.status == "active", "in mode suggest it is a draft"
    use("cancel_action", {"id": str(place.rule.pk), "verb": verb}, mode="execute")
    place.rule.refresh_from_db()
    assert place.rule.status == status


def test_another_users_rule_does_not_exist(use: Use, place: Place, at: datetime) -> None:
    other = settle("bob", at)
    for name, arguments in (("cancel_action", {}), ("update_action", {"quantity": "2"})):
        with pytest.raises(NotFound):
            use(name, {"id": str(other.rule.pk), **arguments}, mode="execute")


def test_what_an_error_says_of_fields_that_stay_is_not_told(use: Use, place: Place) -> None:
    Action.objects.filter(pk=place.rule.pk).update(message="obey me")
    with pytest.raises(InvalidInput) as refused:
        use("update_action", {"id": str(place.rule.pk), "quantity": "2"}, mode="execute")
    assert "obey" not in refused.value.detail


def drafted(use: Use) -> tuple[AgentRun, UUID]:
    answer = use("create_action", BUY)
    run = AgentRun.objects.latest("created_at", "id")
    run.actions_taken = [dict(one) for one in answer.done]
    run.save()
    return run, UUID(answer.content["draft"])


def test_a_person_accepts_a_draft_once(use: Use, place: Place, at: datetime) -> None:
    run, draft = drafted(use)
    done = accept_draft(user=place.desk.user, run_id=run.pk, draft_id=draft, now=at)
    made = Action.objects.get(pk=done["action"])
    assert ActionVersion.objects.get(action=made).actor == "ada from a draft of the agent"
    with pytest.raises(Conflict, match="done before"):
        accept_draft(user=place.desk.user, run_id=run.pk, draft_id=draft, now=at)
    assert Action.objects.count() == 2


def test_a_declined_draft_does_nothing_and_another_user_finds_none(use: Use, place: Place, at: datetime) -> None:
    run, draft = drafted(use)
    other = settle("bob", at)
    with pytest.raises(NotFound):
        accept_draft(user=other.desk.user, run_id=run.pk, draft_id=draft, now=at)
    assert decline_draft(user=place.desk.user, run_id=run.pk, draft_id=draft, now=at)["state"] == "declined"
    with pytest.raises(Conflict):
        accept_draft(user=place.desk.user, run_id=run.pk, draft_id=draft, now=at)
    assert not Action.objects.filter(instrument="MSFT").exists()
