"""A change that brings rules into conflict is told once."""

from __future__ import annotations

import pytest

from alerts.models import Alert
from automation import lifecycle
from tests.automation.making import hold, rule
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
WHO = {"now": NOW, "actor": "ada"}


@pytest.fixture
def pair(desk):
    """Buy below 90, sell above 120: a bracket."""
    hold(desk)
    target = {"trigger_type": "price_above", "trigger_params": {"threshold": "120"}}
    return rule(desk), rule(desk, action_type="SELL", **target)


def told() -> list[Alert]:
    return list(Alert.objects.filter(dedupe_key__startswith="preflight:").order_by("triggered_at"))


def move(desk, action, threshold: str) -> None:
    changes = {"trigger_params": {"threshold": threshold}}
    lifecycle.update_action(user=desk.user, action_id=action.id, changes=changes, **WHO)


def test_an_edit_that_causes_a_conflict_is_told_once(desk, pair):
    one, two = pair
    move(desk, two, "110")
    assert not told()
    move(desk, two, "80")
    (alert,) = told()
    assert (alert.severity, alert.symbol) == ("warning", "AAPL")
    assert alert.title == "Your change brought rules for AAPL into conflict (OPPOSITE)"
    assert "between $80 and $90 both are true at once" in alert.body
    assert "- Buy 10 AAPL when AAPL is at or below $90." in alert.body
    assert set(alert.data["rules"]) == {str(one.id), str(two.id)}
    for threshold in ("81", "110", "80"):  # still there, gone, and there again: the same two rules, the same conflict
        move(desk, two, threshold)
    assert len(told()) == 1


def test_an_edit_that_changes_nothing_about_an_old_conflict_tells_nothing(desk, pair):
    one, _ = pair
    rule(desk, trigger_params={"threshold": "90"})  # its maker was shown the duplicate
    lifecycle.update_action(user=desk.user, action_id=one.id, changes={"notes": "x"}, **WHO)
    assert not told()


def test_a_paused_rule_tells_when_it_is_resumed(desk, pair):
    _, two = pair
    lifecycle.pause(user=desk.user, action_id=two.id, **WHO)
    move(desk, two, "80")
    assert not told()
    lifecycle.resume(user=desk.user, action_id=two.id, **WHO)
    assert len(told()) == 1


def test_making_a_rule_tells_nothing_it_was_shown_before(desk, pair):
    rule(desk, trigger_params={"threshold": "130"})
    assert not told()


def test_what_is_only_worth_knowing_is_not_told(desk, pair):
    _, two = pair
    changes = {"trigger_type": "price_below", "trigger_params": {"threshold": "70"}}
    lifecycle.update_action(user=desk.user, action_id=two.id, changes=changes, **WHO)
    assert not told()
