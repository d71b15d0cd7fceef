"""Missed times in the database: rows, runs, questions, one report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.models import Alert
from automation import clockwork, lifecycle, missing, sweeping
from automation.models import Missed, Outage
from common.heartbeats import beat
from markets.models import MarketSession
from orders.models import Order
from tests.automation.making import MINUTE, S, carry_out, executions, fresh, rule, telling, timers_of
from tests.orders.making import NOW, quote

pytestmark = pytest.mark.django_db
# NOW is Friday 2026-11-20, 10:00 in New York.
AT_1005 = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}}
EVERY_TEN = {"trigger_type": "cron", "trigger_params": {"expression": "*/10 * * * *"}, "max_executions": None}
DUE = NOW + 5 * MINUTE
BACK = DUE + 40 * MINUTE  # after 45 minutes, of which the last 40 were too late
DAY = timedelta(days=1)


def run(at: datetime) -> int:
    return clockwork.run_due(now=at)


def missed(action) -> list[tuple[datetime, str]]:
    return list(Missed.objects.filter(action=action).order_by("due_at").values_list("due_at", "outcome"))


def reports() -> list[Alert]:
    return list(Alert.objects.filter(dedupe_key__startswith="missed:").order_by("triggered_at"))


def test_run_late_runs_once_through_the_gate_and_says_how_late(desk):
    action = rule(desk, missed_policy="run_late", run_late_minutes=60, **AT_1005)
    quote("AAPL", "100", at=BACK)
    assert run(BACK) == 1
    assert run(BACK + S) == 0
    (execution,) = executions(action)
    assert execution.observation == {"due_at": DUE.isoformat(), "late_seconds": 2400}
    row = Missed.objects.get()
    assert (row.outcome, row.execution_id, row.note) == ("ran_late", execution.id, "Run 40 min late.")
    carry_out(now=BACK)
    assert executions(action)[0].state == "succeeded"
    assert Order.objects.get().filled_quantity == 10
    assert "40 min late" in Alert.objects.get(kind="firing").body


def test_run_late_too_late_is_skipped(desk):
    action = rule(desk, missed_policy="run_late", run_late_minutes=30, **AT_1005)
    run(BACK)
    assert executions(action) == []
    assert missed(action) == [(DUE, "skipped")]
    assert fresh(action).next_evaluation_at == DUE + DAY


def test_of_several_missed_times_only_the_last_runs_late(desk):
    action = telling(desk, missed_policy="run_late", run_late_minutes=60, **EVERY_TEN)
    run(NOW + 45 * MINUTE)
    assert len(executions(action)) == 1
    assert missed(action) == [
        *((NOW + n * MINUTE, "skipped") for n in (10, 20, 30)),
        (NOW + 40 * MINUTE, "ran_late"),
    ]
    assert timers_of(action.id) == {"fire": NOW + 50 * MINUTE}


def test_a_month_of_ten_minutes_is_fifty_rows_and_a_count(desk):
    action = telling(desk, **EVERY_TEN)
    run(NOW + 30 * DAY)
    rows = list(Missed.objects.filter(action=action).order_by("due_at"))
    assert len(rows) == 50
    assert "4269 earlier missed times are not listed" in rows[0].note
    assert len(executions(action)) == 1  # the last one is due just now


def test_asking_waits_for_an_answer_with_a_critical_alert(desk):
    action = rule(desk, missed_policy="ask", **AT_1005)
    run(BACK)
    assert executions(action) == []
    assert missed(action) == [(DUE, "asked")]
    alert = Alert.objects.get()
    assert alert.severity == "critical"
    assert alert.title == "Missed at 2026-11-20 15:05 UTC. Run it now? Buy 10 AAPL"
    assert alert.data["missed"] == Missed.objects.get().pk


def test_a_question_nobody_answered_is_closed_after_a_day(desk):
    rule(desk, missed_policy="ask", **AT_1005)
    run(BACK)
    sweeping.tidy(BACK + DAY)
    assert Missed.objects.get().outcome == "asked"
    sweeping.tidy(BACK + DAY + S)
    row = Missed.objects.get()
    assert (row.outcome, row.note) == ("skipped", "Skipped: nobody answered within 24 hours.")


def test_a_paused_rule_misses_nothing(desk):
    action = rule(desk, **AT_1005)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    run(BACK)
    assert missed(action) == []


def test_a_time_missed_within_a_window_that_has_ended_since_does_not_run(desk):
    ends = (DUE + 10 * MINUTE).isoformat()
    action = rule(desk, missed_policy="run_late", run_late_minutes=60, valid_until=ends, **AT_1005)
    run(BACK)
    assert (executions(action), missed(action), fresh(action).status) == ([], [(DUE, "skipped")], "expired")


def test_a_window_that_began_while_the_system_was_down_counts(desk):
    begins = (DUE - 2 * MINUTE).isoformat()
    action = rule(desk, missed_policy="run_late", run_late_minutes=60, valid_from=begins, **AT_1005)
    run(BACK)
    assert missed(action) == [(DUE, "ran_late")]
    assert len(executions(action)) == 1


def test_a_time_the_clock_jumps_over_is_told_when_the_clock_jumps(desk):
    spring = datetime(2027, 3, 13, 12, tzinfo=UTC)
    MarketSession.objects.all().delete()
    params = {"expression": "30 2 * * *"}
    action = telling(desk, now=spring, trigger_type="cron", trigger_params=params, max_executions=None)
    jump, following = datetime(2027, 3, 14, 7, tzinfo=UTC), datetime(2027, 3, 15, 6, 30, tzinfo=UTC)
    assert timers_of(action.id) == {"fire": jump}
    assert fresh(action).next_evaluation_at == following
    run(jump)
    row = Missed.objects.get()
    assert (row.due_at, row.outcome) == (jump, "skipped")
    assert row.note == "2027-03-14 02:30 did not exist: the clock was set forward. Skipped."
    assert executions(action) == []
    assert timers_of(action.id) == {"fire": following}
    missing.report(now=jump + missing.SETTLES)
    (alert,) = reports()
    assert "02:30 did not exist" in alert.body
    run(following)
    assert len(executions(action)) == 1


# --- the report
def test_one_report_per_owner_lists_everything_and_what_was_done(desk, other):
    skipping = rule(desk, **AT_1005)
    late = telling(desk, missed_policy="run_late", run_late_minutes=60, **AT_1005)
    rule(desk, missed_policy="ask", **AT_1005)
    rule(other, **AT_1005)
    beat("sweeper", now=NOW)
    sweeping.sweep(BACK)
    assert reports() == []  # rules that are being edited may follow
    sweeping.sweep(BACK + 5 * S)
    assert {alert.user_id for alert in reports()} == {desk.user.id, other.user.id}
    mine = next(alert for alert in reports() if alert.user_id == desk.user.id)
    assert mine.title == "Puffling was down for 45 min until 2026-11-20 15:45 UTC: 3 due times missed"
    assert mine.severity == "warning"
    lines = mine.body.splitlines()
    assert len(lines) == 3
    assert any("Buy 10 AAPL when it is 10:05" in line and line.endswith("Skipped, as the rule says.") for line in lines)
    assert any(line.endswith("Run 40 min late.") for line in lines)
    assert any("Waits for your answer until" in line for line in lines)
    sweeping.sweep(BACK + 60 * S)
    assert len(reports()) == 2
    assert (len(executions(skipping)), len(executions(late))) == (0, 1)


def test_an_outage_is_noticed_once(desk):
    beat("sweeper", now=NOW)
    assert missing.notice_outage(now=NOW + MINUTE) is None
    assert missing.notice_outage(now=BACK) == missing.notice_outage(now=BACK + S)
    outage = Outage.objects.get()
    assert (outage.began_at, outage.ended_at) == (NOW, BACK)
    assert reports() == []


def test_before_the_first_sweep_ever_nothing_was_down(desk):
    assert missing.notice_outage(now=NOW) is None


def test_the_last_outage_shows_the_users_own_missed_times(desk, other):
    assert missing.last_outage(desk.user) is None
    beat("sweeper", now=NOW)
    action = rule(desk, **AT_1005)
    sweeping.sweep(BACK)
    mine, others = missing.last_outage(desk.user), missing.last_outage(other.user)
    assert (mine["since"], mine["until"], mine["down_seconds"]) == (NOW, BACK, 2700)
    assert [row.action_id for row in mine["missed"]] == [action.id]
    assert (others["missed_count"], others["missed"]) == (0, [])


def test_a_long_report_is_cut_with_a_count(desk):
    telling(desk, **EVERY_TEN)
    run(NOW + 5 * 60 * MINUTE + 5 * MINUTE)
    missing.report(now=NOW + DAY)
    (alert,) = reports()
    assert len(alert.body.splitlines()) == 21
    assert alert.body.endswith("… and 10 more: see the Alerts page.")
    assert alert.title == "30 due times of your rules passed without being run in time"
