"""Forty-five minutes down across a due time: each rule does exactly what it was told to do about missed times.

Nobody waits so long: with everything stopped, rules are made as they were made 46 minutes ago, and the sweeper's last
sign of life is put 45 minutes back. What starts then finds the rows that such an outage leaves.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.models import Alert
from automation.models import Action, Missed
from common.clock import now
from common.models import Heartbeat
from tests.journeys.market import Listing
from tests.journeys.people import Person, firings, until_done
from tests.journeys.proof import traded_once
from tests.journeys.stack import BASE, Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey
DOWN = timedelta(minutes=45)
LATE = timedelta(minutes=40)


def clock(person: Person, listing: Listing, due_at: datetime, **fields: object) -> Action:
    """A rule made 46 minutes ago that was due at a whole minute since."""
    params = {"time": f"{due_at:%H:%M}", "timezone": "UTC", "trading_days_only": False}
    made = now() - DOWN - timedelta(minutes=1)
    return person.rule(listing, "time_of_day", params, max_executions=None, armed_at=made, **fields)


def missed_of(rule: Action) -> list[Missed]:
    return list(Missed.objects.filter(action=rule).order_by("due_at"))


def test_each_policy_after_45_minutes_down(stack: Stack, ann: Person, bob: Person):
    skips, late, too_late, asks, declined = (Listing() for _ in range(5))
    stack.stop()
    Heartbeat.objects.filter(process="sweeper").update(at=now() - DOWN)
    due_at = (now() - LATE).replace(second=0, microsecond=0)
    skip = clock(ann, skips, due_at)
    run_late = clock(ann, late, due_at, missed_policy="run_late", run_late_minutes=60)
    too_late_for_it = clock(ann, too_late, due_at, missed_policy="run_late", run_late_minutes=30)
    ask = clock(ann, asks, due_at, missed_policy="ask")
    leave = clock(ann, declined, due_at, missed_policy="ask")
    often = ann.rule(
        None, "cron", {"expression": "*/10 * * * *"}, action_type="NOTIFY", message="ten minutes", max_executions=None,
        missed_policy="run_late", run_late_minutes=60, armed_at=now() - DOWN,
    )  # fmt: skip
    for listing in (skips, late, too_late, asks, declined):
        listing.repeat()
    stack.start(*BASE)

    until_done(run_late, 1, late)
    until_done(often, 1)
    told = Alert.objects.filter(user=ann.user, dedupe_key__startswith="missed:")
    eventually(told.exists, "the outage was reported")
    traded_once(run_late)
    assert firings(run_late)[0].observation["late_seconds"] >= LATE.total_seconds()
    assert [(row.due_at, row.outcome) for row in missed_of(run_late)] == [(due_at, "ran_late")]
    for rule, outcome in ((skip, "skipped"), (too_late_for_it, "skipped"), (ask, "asked"), (leave, "asked")):
        assert firings(rule) == []
        assert [(row.due_at, row.outcome) for row in missed_of(rule)] == [(due_at, outcome)]
    assert len(firings(often)) == 1  # the last of its times, late or just in time; never several at once
    assert len(missed_of(often)) in (4, 5)

    report = told.get()
    assert report.title.startswith("Puffling was down for 4")
    rows = Missed.objects.filter(action__user=ann.user)
    assert len(report.body.splitlines()) == rows.count()
    assert not rows.filter(reported_at=None).exists()
    assert not Alert.objects.filter(user=bob.user).exists()

    with ann.api(stack.url) as api, bob.api(stack.url) as others:
        status = api.get("monitoring/status/").json()["downtime"]
        assert status["missed_count"] == rows.count()
        assert {row["action"] for row in status["missed"]} >= {str(rule.id) for rule in (skip, run_late, ask)}
        questions = api.get("actions/missed/", params={"outcome": "asked"}).json()["results"]
        paths = {row["action"]: f"actions/missed/{row['id']}" for row in questions}
        assert set(paths) == {str(ask.id), str(leave.id)}
        assert others.post(f"{paths[str(ask.id)]}/run/").status_code == 404
        assert api.post(f"{paths[str(ask.id)]}/run/").status_code == 202
        assert api.post(f"{paths[str(leave.id)]}/decline/").status_code == 200
        assert api.post(f"{paths[str(ask.id)]}/run/").status_code == 409
        assert api.post(f"{paths[str(leave.id)]}/run/").status_code == 409
    until_done(ask, 1, asks)
    traded_once(ask)
    assert firings(leave) == []
    assert firings(skip) == []
