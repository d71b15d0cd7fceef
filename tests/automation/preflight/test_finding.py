"""What is found about one rule, and among everything a user has."""

from __future__ import annotations

import pytest

from automation import lifecycle
from automation.preflight.finding import findings_about, findings_of
from safety.models import SafetyPolicy
from tests.automation.making import fresh, hold, rule
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


def codes(found) -> list[str]:
    return [finding.code for finding in found]


def selling(desk, threshold: str = "80", **changes):
    hold(desk)
    return rule(
        desk, action_type="SELL", trigger_type="price_above", trigger_params={"threshold": threshold}, **changes
    )


def test_an_ended_rule_gets_in_nobodys_way_and_a_paused_one_is_shown_as_if_active(desk):
    one, two = rule(desk), selling(desk)
    lifecycle.pause(user=desk.user, action_id=one.id, now=NOW, actor="ada")
    assert codes(findings_about(fresh(one), now=NOW)) == ["OPPOSITE"]
    assert not findings_about(two, now=NOW)
    lifecycle.cancel(user=desk.user, action_id=one.id, now=NOW, actor="ada")
    assert not findings_about(fresh(one), now=NOW)


def test_everything_of_a_user_is_listed_once_the_worst_first(desk):
    SafetyPolicy.objects.update(max_daily_trades=3)
    rule(desk), rule(desk)
    selling(desk, quantity="60")
    selling(desk, threshold="85", quantity="60")
    hold(desk, "MSFT")
    found = findings_of(desk.user, now=NOW)
    # 200 AAPL were brought in: 120 may be sold.
    assert codes(found) == ["DUPLICATE", "OPPOSITE", "OPPOSITE", "SUMMED_CAPS"]
    assert [finding.severity for finding in found] == ["warning"] * 3 + ["info"]
    assert all(one.id for finding in found for one in finding.rules)
