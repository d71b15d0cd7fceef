"""An alert check reminds of what waits, now and then, and sends what was never sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts import configs
from alerts.history import acknowledge_all
from alerts.models import Alert
from alerts.raising import raise_alert
from live.models import Event
from markets.models import Quote
from tests.automation.jobs.making import run
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def critical(desk, key: str = "one") -> None:
    raise_alert(user_id=desk.user.pk, kind="safety", severity="critical", title="Look at this", now=NOW, dedupe_key=key)


def reminders(desk) -> list[Alert]:
    return list(Alert.objects.filter(user=desk.user, data__kind="reminder").order_by("triggered_at"))


def test_what_nobody_has_seen_is_told_again_now_and_then(desk, other):
    critical(desk)
    critical(other)
    assert run(desk, "alert_check", now=NOW + 30 * MINUTE).result["reminded"] is False
    found = run(desk, "alert_check", now=NOW + 31 * MINUTE)
    assert (found.summary, found.result["unseen_count"], found.result["reminded"]) == (
        "1 critical alert waiting for you.", 1, True,
    )  # fmt: skip
    (reminder,) = reminders(desk)
    assert reminder.title == "Waiting for you: 1 critical alert"
    assert reminder.body == "2026-11-20 15:00 UTC: Look at this"
    assert run(desk, "alert_check", now=NOW + 60 * MINUTE).result["reminded"] is False
    assert run(desk, "alert_check", now=NOW + 272 * MINUTE).result["reminded"] is True
    acknowledge_all(user=desk.user, now=NOW + 272 * MINUTE)
    quiet = run(desk, "alert_check", now=NOW + 900 * MINUTE)
    assert (quiet.summary, len(reminders(desk))) == ("Nothing waiting for you.", 2)
    assert reminders(other) == []


def test_questions_about_missed_times_count(desk):
    from automation.models import Missed
    from tests.automation.making import rule

    mine = rule(desk)
    Missed.objects.create(action=mine, due_at=NOW, found_at=NOW, policy="ask", outcome="asked")
    assert run(desk, "alert_check").summary == "1 missed time waiting for you."


def test_alerts_that_cannot_see_their_value_are_named(desk):
    for symbol in ("AAPL", "MSFT"):
        configs.create(
            user=desk.user, data={"alert_type": "price", "condition": {"symbol": symbol, "above": "200"}}, now=NOW
        )
    Quote.objects.filter(instrument="MSFT").delete()
    found = run(desk, "alert_check")
    assert found.result["configs"] == {"armed": 1, "unknown": 1}
    assert "MSFT" in found.result["blind"][0]["sentence"]
    assert found.summary == "Nothing waiting for you; 1 of your alerts cannot see their value now."
    assert found.result["reminded"] is False


def test_what_was_recorded_and_never_sent_is_sent(desk):
    Event.objects.create(user=desk.user, topic="alerts", kind="alert", payload={}, created_at=NOW)
    assert run(desk, "alert_check", now=NOW + MINUTE).result["events_sent"] == 0
    assert run(desk, "alert_check", now=NOW + 2 * MINUTE).result["events_sent"] > 0
    assert not Event.objects.filter(user=desk.user, seq=None, created_at=NOW).exists()
