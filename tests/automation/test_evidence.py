"""What a rule has shown: counted and added up from rows, and only its own."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from automation import lifecycle
from automation.evidence import evidence_of
from automation.models import Missed
from tests.automation.making import S, carry_out, fresh, hold, rule, see
from tests.automation.proving import DAY, fire_in_shadow, watched_rule
from tests.orders.making import NOW, quote

pytestmark = pytest.mark.django_db
D = Decimal


def codes(evidence) -> list[str]:
    return [lack.code for lack in evidence.lacks]


def test_a_rule_that_has_shown_enough(desk) -> None:
    action = watched_rule(desk)
    found = evidence_of(action, now=NOW)
    assert found.enough
    assert (found.fires, found.data_gaps, found.since) == (3, 0, action.created_at)
    assert found.days_watched >= 7
    assert found.shadow is not None
    # 10 shares at 90, 89 and 88, a dollar of fee each, now at 100.
    assert (found.shadow.trades, found.shadow.result, found.shadow.fees) == (3, D(327), D(3))
    assert found.real is None
    assert found.as_json()["shadow"]["result"] == "327"


def test_the_worst_moment_is_seen_in_the_bars(desk) -> None:
    action = watched_rule(desk, prices=("99", "99", "99"))
    found = evidence_of(action, now=NOW)
    assert found.shadow.worst.result == D(-123)  # at 95, as the bars say, and 3 of fees
    assert found.shadow.result == D(27)


def test_a_sale_is_measured_against_holding(desk) -> None:
    hold(desk, now=NOW - 8 * DAY)
    action = watched_rule(desk, action_type="SELL", quantity="10", last="80")
    assert evidence_of(action, now=NOW).shadow.result == D(267)  # 900 + 890 + 880 - 30 x 80 - 3


def test_each_thing_that_is_missing(desk) -> None:
    assert codes(evidence_of(watched_rule(desk, prices=("90", "90")), now=NOW)) == ["FEW_TRADES"]
    assert codes(evidence_of(watched_rule(desk, days=3), now=NOW)) == ["FEW_DAYS"]
    assert codes(evidence_of(watched_rule(desk, last="70"), now=NOW)) == ["NEGATIVE_RESULT"]


def test_holes_in_the_bars_are_gaps(desk) -> None:
    found = evidence_of(watched_rule(desk, gaps=True), now=NOW)
    assert codes(found) == ["DATA_GAPS"]
    assert found.gap_minutes > 6 * 24 * 60


def test_firings_that_saw_no_price_or_came_late_are_gaps_and_others_are_not(desk) -> None:
    action = watched_rule(desk)
    fire_in_shadow(action, "0", hours=5, came="NO_QUOTE")
    fire_in_shadow(action, "0", hours=6, came="", state="expired")
    fire_in_shadow(action, "0", hours=7, came="NOT_REACHED")
    fire_in_shadow(action, "0", hours=8, came="", state="running")  # not known yet
    found = evidence_of(action, now=NOW)
    assert (found.fires, found.fires_without_price, found.fires_late, found.fires_untraded) == (6, 1, 1, 1)
    assert (found.data_gaps, codes(found)) == (2, ["DATA_GAPS"])


def test_of_a_clock_missed_times_are_the_gaps(desk) -> None:
    action = watched_rule(desk, gaps=True, trigger_type="time_of_day", trigger_params={"time": "10:00"})
    assert evidence_of(action, now=NOW).data_gaps == 0
    Missed.objects.create(action=action, due_at=NOW - 2 * DAY, found_at=NOW, policy="run_late", outcome="ran_late")
    assert evidence_of(action, now=NOW).data_gaps == 0
    Missed.objects.create(action=action, due_at=NOW - DAY, found_at=NOW, policy="skip", outcome="skipped")
    assert codes(evidence_of(action, now=NOW)) == ["DATA_GAPS"]


def test_another_trigger_forgets_what_the_old_one_showed(desk) -> None:
    action = watched_rule(desk)
    lifecycle.update_action(
        user=desk.user,
        action_id=action.id,
        changes={"trigger_params": {"threshold": "40"}},
        now=NOW - timedelta(hours=1),
        actor="ada",
    )
    found = evidence_of(fresh(action), now=NOW)
    assert (found.since, found.fires, found.shadow) == (NOW - timedelta(hours=1), 0, None)
    assert codes(found) == ["FEW_TRADES", "FEW_DAYS"]


def test_what_it_made_for_real_stands_beside_it(desk) -> None:
    action = rule(desk, max_executions=None)
    see("90", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    quote("AAPL", "95", at=NOW + 3 * S)
    found = evidence_of(fresh(action), now=NOW + 4 * S)
    assert found.shadow is None
    assert (found.real.trades, found.real.result) == (1, D("49.90"))  # bought at 90.01
    assert found.fires == 0  # in shadow


def test_only_its_own_firings_count(desk, other) -> None:
    mine = watched_rule(desk, prices=())
    watched_rule(desk)
    watched_rule(other)
    found = evidence_of(mine, now=NOW)
    assert (found.fires, found.shadow, found.real) == (0, None, None)


def test_the_queries_do_not_grow_with_firings(desk, django_assert_max_num_queries) -> None:
    action = watched_rule(desk)
    with django_assert_max_num_queries(10) as few:
        evidence_of(action, now=NOW)
    for hours in range(20, 60):
        fire_in_shadow(action, "90", hours=hours)
    with django_assert_max_num_queries(len(few)):
        evidence_of(action, now=NOW)


@pytest.fixture
def api(desk, monkeypatch) -> APIClient:
    monkeypatch.setattr("automation.evidence_api.now", lambda: NOW)
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


def test_the_door(api, desk, other) -> None:
    action = watched_rule(desk)
    answer = api.get(f"/api/actions/{action.id}/evidence/")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["enough"], body["lacks"], body["shadow"]["result"], body["real"]) == (True, [], "327", None)
    theirs = watched_rule(other)
    assert api.get(f"/api/actions/{theirs.id}/evidence/").status_code == 404


def test_a_rule_that_only_tells_has_none(api, desk) -> None:
    action = rule(desk, action_type="NOTIFY")
    assert api.get(f"/api/actions/{action.id}/evidence/").status_code == 409
