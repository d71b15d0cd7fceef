"""Answers about missed times: run or leave, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from alerts.models import Alert
from automation import answering, clockwork, lifecycle
from automation.models import Action, Missed
from common.errors import Conflict, NotFound
from tests.automation.making import MINUTE, S, carry_out, executions, fresh, rule, timers_of
from tests.orders.making import NOW, quote

pytestmark = pytest.mark.django_db
AT_1005 = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}, "missed_policy": "ask"}
DUE = NOW + 5 * MINUTE
BACK = DUE + 40 * MINUTE
DAY = timedelta(days=1)


def asked(desk, **changes) -> tuple[Action, Missed]:
    action = rule(desk, **AT_1005, **changes)
    clockwork.run_due(now=BACK)
    return action, Missed.objects.get(action=action)


def yes(desk, missed, at=BACK + MINUTE) -> Missed:
    return answering.run(user=desk.user, missed_id=missed.pk, now=at, actor="ada")


def no(desk, missed) -> Missed:
    return answering.decline(user=desk.user, missed_id=missed.pk, now=BACK + MINUTE, actor="ada")


def test_yes_fires_now_through_the_gate(desk):
    action, missed = asked(desk, max_executions=3)
    done = yes(desk, missed)
    (execution,) = executions(action)
    assert (done.outcome, done.execution_id, done.decided_by) == ("run", execution.id, "ada")
    assert execution.observation == {"by": "ada", "due_at": DUE.isoformat(), "late_seconds": 41 * 60}
    assert fresh(action).executions_count == 1
    assert timers_of(action.id) == {"fire": DUE + DAY}  # its own times go on
    quote("AAPL", "100", at=BACK + MINUTE)
    carry_out(now=BACK + MINUTE)
    assert executions(action)[0].state == "succeeded"
    clockwork.run_due(now=DUE + DAY)
    assert len(executions(action)) == 2


def test_no_leaves_it(desk):
    action, missed = asked(desk)
    done = no(desk, missed)
    assert (done.outcome, done.decided_by, done.decided_at) == ("declined", "ada", BACK + MINUTE)
    assert executions(action) == []


def test_an_answer_puts_the_question_away(desk):
    _, missed = asked(desk)
    assert Alert.objects.filter(acknowledged_at__isnull=True, severity="critical").count() == 1
    no(desk, missed)
    assert not Alert.objects.filter(acknowledged_at__isnull=True, severity="critical").exists()


@pytest.mark.parametrize("first", [yes, no])
@pytest.mark.parametrize("second", [yes, no])
def test_one_answer_only(desk, first, second):
    action, missed = asked(desk, max_executions=5)
    first(desk, missed)
    with pytest.raises(Conflict, match="waits for no answer"):
        second(desk, missed)
    assert len(executions(action)) == (1 if first is yes else 0)


def test_what_was_not_asked_cannot_be_run(desk):
    action = rule(desk, **{**AT_1005, "missed_policy": "skip"})
    clockwork.run_due(now=BACK)
    with pytest.raises(Conflict, match="waits for no answer: skipped"):
        yes(desk, Missed.objects.get(action=action))


def test_after_a_day_it_is_too_late(desk):
    _, missed = asked(desk)
    with pytest.raises(Conflict, match="older than 24 hours"):
        yes(desk, missed, at=BACK + DAY + S)


@pytest.mark.parametrize("status", ["cancelled", "completed", "expired", "failed"])
def test_an_ended_rule_does_not_run(desk, status):
    action, missed = asked(desk)
    Action.objects.filter(id=action.id).update(status=status)
    with pytest.raises(Conflict, match=status):
        yes(desk, missed)


def test_nor_one_that_had_all_its_executions_or_whose_window_ended(desk):
    action, missed = asked(desk)
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=BACK, actor="ada")
    with pytest.raises(Conflict, match="1 of 1 executions"):
        yes(desk, missed)
    action, missed = asked(desk, valid_until=(BACK + S).isoformat())
    with pytest.raises(Conflict, match="window ended"):
        yes(desk, missed)


def test_nobody_answers_for_somebody_else(desk, other):
    _, missed = asked(desk)
    for answer in (yes, no):
        with pytest.raises(NotFound):
            answer(other, missed)
    with pytest.raises(NotFound):
        answering.run(user=desk.user, missed_id=10**30, now=BACK, actor="ada")


def test_the_api_lists_and_answers(desk, other, monkeypatch):
    monkeypatch.setattr("automation.missed_api.now", lambda: BACK + MINUTE)
    action, missed = asked(desk, max_executions=3)
    client = APIClient()
    client.force_authenticate(desk.user)
    (row,) = client.get("/api/actions/missed/", {"outcome": "asked", "action": str(action.id)}).json()["results"]
    assert (row["id"], row["action"], row["execution"]) == (missed.pk, str(action.id), None)
    assert "asking me if its time was missed" in row["sentence"]
    assert client.get("/api/actions/missed/", {"since": (DUE + S).isoformat()}).json()["count"] == 0
    assert client.get("/api/actions/missed/", {"outcom": "asked"}).status_code == 400
    answer = client.post(f"/api/actions/missed/{missed.pk}/run/")
    assert (answer.status_code, answer.json()["outcome"]) == (202, "run")
    assert answer.json()["execution"] == str(executions(action)[0].id)
    again = client.post(f"/api/actions/missed/{missed.pk}/decline/")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    client.force_authenticate(other.user)
    assert client.get("/api/actions/missed/").json()["count"] == 0
    assert client.post(f"/api/actions/missed/{missed.pk}/run/").status_code == 404
