"""One report per owner lists what was missed and what was made up for."""

from __future__ import annotations

import pytest

from alerts.models import Alert
from automation import missing
from automation.scheduling import reporting, sweeping
from common.heartbeats import beat
from tests.automation.scheduling.making import DUE, MINUTE, S, job, look
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
BACK = DUE + 40 * MINUTE


def reports() -> list[Alert]:
    return list(Alert.objects.filter(dedupe_key__startswith="missed_jobs:").order_by("triggered_at"))


def test_one_report_per_owner_lists_everything_and_what_was_done(desk, other):
    beat("sweeper", now=NOW)
    job(desk, name="Skips", misfire_policy="skip")
    job(desk, name="Late")
    job(other)
    missing.notice_outage(now=BACK)
    sweeping.sweep(BACK)
    assert reports() == []  # others may follow
    sweeping.sweep(BACK + 5 * S)
    mine = next(alert for alert in reports() if alert.user_id == desk.user.pk)
    assert mine.title == "Puffling was down for 45 min until 2026-11-20 15:45 UTC: 2 times of your jobs missed"
    assert mine.severity == "warning"
    assert sorted(mine.body.splitlines()) == [
        "2026-11-20 15:05 UTC: Late. Run 40 min late.",
        "2026-11-20 15:05 UTC: Skips. Skipped, as the job says.",
    ]
    theirs = next(alert for alert in reports() if alert.user_id == other.user.pk)
    assert theirs.severity == "info"  # it was made up for
    sweeping.sweep(BACK + MINUTE)
    assert len(reports()) == 2
    shown = missing.last_outage(desk.user)
    assert (shown["missed_runs_count"], shown["missed_count"]) == (2, 0)
    assert {run.job.name for run in shown["missed_runs"]} == {"Skips", "Late"}


def test_what_ran_in_time_is_not_reported(desk):
    job(desk)
    look(DUE)
    assert reporting.report(now=DUE + MINUTE) == 0


def test_a_long_report_is_cut_with_a_count(desk):
    job(desk, schedule="*/10 * * * *", misfire_policy="skip")
    look(NOW + 305 * MINUTE)
    reporting.report(now=NOW + 306 * MINUTE)
    (alert,) = reports()
    assert len(alert.body.splitlines()) == 21
    assert alert.title == "30 times of your jobs passed without a run in time"
