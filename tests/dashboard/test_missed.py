"""Missed times on the Alerts page, and their two buttons."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.test import Client

from automation.models import Action, Missed
from common.clock import now
from tests.dashboard.making import rule, signed_in, typed
from tests.orders.making import Desk


def missed(desk: Desk, outcome: str = "asked", *, at: datetime | None = None) -> Missed:
    action = rule(desk, trigger_type="cron", trigger_params={"expression": "30 9 * * MON"}, max_executions=None)
    due = (at or now()) - timedelta(hours=1)
    return Missed.objects.create(action=action, due_at=due, found_at=now(), policy="ask", outcome=outcome, note="Why.")


def test_a_question_is_shown_with_its_rule_and_two_buttons(site: Client, desk: Desk) -> None:
    question, told = missed(desk), missed(desk, "skipped")
    page = site.get("/alerts/").content.decode()
    assert "Missed while Puffling was not running" in page
    assert "Buy 10 AAPL every Monday at 09:30 in America/New_York, every time." in page
    assert f"/missed/{question.pk}/run/" in page
    assert f"/missed/{question.pk}/decline/" in page
    assert f"/missed/{told.pk}/" not in page
    assert "Skipped" in page


def test_without_missed_times_there_is_no_such_section(site: Client, desk: Desk, other: Desk) -> None:
    missed(other)
    assert "Missed while Puffling" not in site.get("/alerts/").content.decode()


def test_run_it_now(site: Client, desk: Desk) -> None:
    question = missed(desk)
    answer = site.post(f"/missed/{question.pk}/run/", follow=True)
    assert "Under way" in answer.content.decode()
    question.refresh_from_db()
    assert (question.outcome, question.decided_by) == ("run", "ada")
    assert question.action.executions.get().pk == question.execution_id
    again = site.post(f"/missed/{question.pk}/decline/", follow=True)
    assert "waits for no answer" in again.content.decode()


def test_leave_it(site: Client, desk: Desk) -> None:
    question = missed(desk)
    assert "Left undone" in site.post(f"/missed/{question.pk}/decline/", follow=True).content.decode()
    assert not question.action.executions.exists()


def test_somebody_elses_question_does_not_exist(desk: Desk, other: Desk, site: Client) -> None:
    question = missed(desk)
    for verb in ("run", "decline"):
        assert signed_in(other).post(f"/missed/{question.pk}/{verb}/").status_code == 404
    assert site.get(f"/missed/{question.pk}/run/").status_code == 405


def test_the_policy_is_set_in_the_form_and_can_be_changed(site: Client, desk: Desk) -> None:
    clock = {"trigger_type": "cron", "cron-expression": "30 9 * * 1", "cron-timezone": "Europe/Berlin"}
    site.post("/actions/new/", typed(**clock, missed_policy="run_late", run_late_minutes="45"))
    made = Action.objects.get()
    assert (made.missed_policy, made.run_late_minutes) == ("run_late", 45)
    assert "every Monday at 09:30 in Europe/Berlin" in site.get(f"/actions/{made.pk}/").content.decode()
    site.post(f"/actions/{made.pk}/edit/", typed(**clock, missed_policy="ask", run_late_minutes="45"))
    made.refresh_from_db()
    assert (made.missed_policy, made.run_late_minutes) == ("ask", None)
