"""What people are answered about a draft and an edit."""

from __future__ import annotations

import pytest

from automation import lifecycle
from automation.models import Action
from automation.preflight.finding import findings_of
from automation.preflight.reviewing import review
from common.errors import InvalidInput, NotFound
from tests.automation.making import fresh, hold, rule, written
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


def codes(found) -> list[str]:
    return [finding.code for finding in found]


def selling(desk, threshold: str = "80", **changes):
    hold(desk)
    return rule(
        desk, action_type="SELL", trigger_type="price_above", trigger_params={"threshold": threshold}, **changes
    )


def test_a_draft_is_held_against_the_rules_that_exist(desk):
    there = selling(desk)
    found = review(user=desk.user, data=written(), now=NOW)
    assert found.explanation.sentence == "Buy 10 AAPL when AAPL is at or below $90."
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("OPPOSITE", "warning")
    assert [(one.id, one.sentence) for one in finding.rules] == [
        (None, "Buy 10 AAPL when AAPL is at or below $90."),
        (there.id, "Sell 10 AAPL when AAPL is at or above $80."),
    ]
    assert Action.objects.count() == 1


def test_nobody_elses_rules_count(desk, other):
    selling(other)
    assert not review(user=desk.user, data=written(), now=NOW).findings
    assert not findings_of(desk.user, now=NOW)


def test_an_edit_is_not_held_against_itself(desk):
    action = rule(desk)
    assert codes(review(user=desk.user, data=written(), now=NOW).findings) == ["DUPLICATE"]
    assert not review(user=desk.user, data={"quantity": "11"}, now=NOW, editing=action.id).findings
    assert fresh(action).quantity == 10


def test_an_edit_is_explained_as_it_would_be(desk):
    action = rule(desk)
    found = review(user=desk.user, data={"trigger_params": {"threshold": "70"}}, now=NOW, editing=action.id)
    assert found.explanation.firing_price == 70
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "17:00", "timezone": "UTC"}}
    found = review(user=desk.user, data=clock, now=NOW, editing=action.id)
    assert found.explanation.next_due_at.hour == 17


def test_somebody_elses_rule_cannot_be_edited(desk, other):
    action = rule(other)
    with pytest.raises(NotFound):
        review(user=desk.user, data=written(), now=NOW, editing=action.id)


def test_what_can_never_be_right_is_refused_everywhere(desk):
    never = {
        "trigger_type": "price_above",
        "trigger_params": {"threshold": "200"},
        "conditions": [{"trigger_type": "price_below", "trigger_params": {"threshold": "150"}}],
    }
    for attempt in (
        lambda: lifecycle.create_action(user=desk.user, data=written(**never), now=NOW, actor="ada"),
        lambda: review(user=desk.user, data=written(**never), now=NOW),
    ):
        with pytest.raises(InvalidInput) as refused:
            attempt()
        assert refused.value.errors == {
            "conditions.0": [
                "AAPL is at or below $150 can never hold while AAPL is at or above $200: change one of the two"
            ]
        }
    assert not Action.objects.exists()


def test_an_edit_cannot_make_it_impossible(desk):
    condition = [{"trigger_type": "price_above", "trigger_params": {"threshold": "80"}}]
    action = rule(desk, conditions=condition)
    with pytest.raises(InvalidInput, match="can never hold"):
        lifecycle.update_action(
            user=desk.user, action_id=action.id, changes={"trigger_params": {"threshold": "70"}}, now=NOW, actor="ada"
        )
    assert fresh(action).trigger_params["threshold"] == "90"
