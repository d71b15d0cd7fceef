from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from alerts.channels import delivering, sweeping
from alerts.channels.delivering import BACK_OFF, LEASE, deliver_one
from alerts.channels.planning import MOST_TRIES
from alerts.history import acknowledge
from alerts.models import Alert, AlertChannel, Delivery
from alerts.raising import NewAlert, raise_alerts
from common.clock import now as clock_now
from common.signing import signature
from live.models import Event
from tests.alerts.channels.conftest import NOW, make
from tests.fakes.listener import Listener

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def tell(user: User, key: str = "k", *, now: datetime = NOW, **more: Any) -> Alert:
    new = NewAlert(user_id=user.pk, **{"kind": "fill", "title": f"Alert {key}", "dedupe_key": key, **more})
    return raise_alerts([new], now)[0]


def deliver_all(now: datetime = NOW) -> int:
    steps = 0
    while deliver_one(now=now):
        steps += 1
    return steps


def only() -> Delivery:
    return Delivery.objects.get()


def titles(listener: Listener) -> list[str]:
    return [json.loads(request.body)["title"] for request in listener.requests]


def test_an_alert_is_sent_signed_and_once(ann: User, webhook: AlertChannel, listener: Listener) -> None:
    alert = tell(ann, data={"order": "x"}, symbol="AAPL")
    deliver_all()
    deliver_all(NOW + MINUTE)
    [request] = listener.requests
    assert request.path == "/secret/path"
    body = json.loads(request.body)
    assert (body["type"], body["title"], body["alerts"][0]["id"]) == ("alert", "Alert k", str(alert.id))
    key = delivering.keeping.target_of(webhook)["key"]
    stamp = request.headers["Puffling-Timestamp"]
    assert request.headers["Puffling-Signature"] == signature(key, stamp, request.body)
    row = only()
    assert (row.state, row.attempts, row.outcome, row.sent_at) == ("sent", 1, "answered 200", NOW)
    assert request.headers["Puffling-Delivery"] == str(row.message_id)
    assert Event.objects.filter(kind="delivery", payload__state="sent").count() == 1


def test_raising_twice_or_for_somebody_else_sends_nothing(
    ann: User, bob: User, webhook: AlertChannel, listener: Listener
) -> None:
    tell(ann)
    assert raise_alerts([NewAlert(user_id=ann.pk, kind="fill", title="again", dedupe_key="k")], NOW) == []
    tell(bob)
    deliver_all()
    assert len(listener.requests) == Delivery.objects.count() == 1


@pytest.mark.parametrize("answer", [500, 503, 429, 408, "hang"])
def test_trouble_is_tried_again_under_the_same_id(
    ann: User, webhook: AlertChannel, listener: Listener, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr("alerts.channels.outbound.TIMEOUT", 0.3)
    listener.answers = [answer]
    tell(ann)
    deliver_all()
    assert (only().state, only().reason, only().next_try_at) == ("pending", "retry", NOW + BACK_OFF[0])
    deliver_all(NOW + BACK_OFF[0] - timedelta(seconds=1))
    assert len(listener.requests) == 1
    deliver_all(NOW + BACK_OFF[0])
    assert (only().state, only().attempts, only().reason) == ("sent", 2, "")
    assert len({request.headers["Puffling-Delivery"] for request in listener.requests}) == 1


def test_the_remote_may_ask_for_more_time(ann: User, webhook: AlertChannel, listener: Listener) -> None:
    listener.answers = [(503, {"Retry-After": "900"})]
    tell(ann)
    deliver_all()
    assert only().next_try_at == NOW + 15 * MINUTE


@pytest.mark.parametrize("answer", [400, 401, 404, 410, (302, {"Location": "http://127.0.0.1/"})])
def test_a_refusal_is_final_and_told_once_a_day(
    ann: User, webhook: AlertChannel, listener: Listener, answer: Any
) -> None:
    listener.answers = [answer, answer]
    tell(ann, "a")
    tell(ann, "b")
    deliver_all()
    assert len(listener.requests) == 2
    assert [*Delivery.objects.values_list("state", "reason")] == [("failed", "refused")] * 2
    told = Alert.objects.get(kind="failure")
    assert "does not work" in told.title and "/secret" not in told.body
    webhook.refresh_from_db()
    assert webhook.failures_in_a_row == 2 and webhook.last_error


def test_a_failing_channel_is_told_of_by_the_others(ann: User, webhook: AlertChannel, listener: Listener) -> None:
    make(ann, name="other", target=f"{listener.url}/other")
    listener.answers = [410]
    tell(ann)
    deliver_all()
    assert [request.path for request in listener.requests].count("/secret/path") == 1
    assert titles(listener)[-1] == "The channel hook does not work"


def test_it_gives_up_after_a_day(ann: User, webhook: AlertChannel, listener: Listener) -> None:
    listener.answers = [500] * 20
    tell(ann)
    at = NOW
    for wait in (*BACK_OFF, timedelta()):
        deliver_all(at)
        at += wait
    assert (only().state, only().reason, only().attempts) == ("failed", "gave_up", len(BACK_OFF) + 1)
    assert timedelta(hours=20) < at - NOW < timedelta(hours=30)


def test_verbosity_by_kind(ann: User, listener: Listener) -> None:
    make(ann, target=f"{listener.url}/x", verbosity={"default": "off", "fill": "silent", "note": "digest"})
    tell(ann, "a")
    for key in ("b", "c"):
        tell(ann, key, kind="note")
    tell(ann, "d", kind="price")
    tell(ann, "e", kind="note", severity="critical")
    deliver_all()
    assert titles(listener) == ["Alert e", "Alert a"]  # what is critical is never only collected
    assert json.loads(listener.requests[1].body)["silent"] is True
    assert Delivery.objects.get(alert__dedupe_key="d").reason == "off"
    deliver_all(NOW + 60 * MINUTE)
    assert titles(listener)[2:] == ["2 alerts from Puffling"]
    assert json.loads(listener.requests[2].body)["type"] == "digest"


def test_quiet_hours_end_in_one_message_and_let_the_critical_through(ann: User, listener: Listener) -> None:
    make(
        ann, target=f"{listener.url}/x", quiet_from="09:00", quiet_until="11:00", time_zone="America/New_York"
    )  # fmt: skip
    tell(ann, "a")
    tell(ann, "b")
    tell(ann, "c", severity="critical")
    deliver_all()
    assert titles(listener) == ["Alert c"]
    waits = Delivery.objects.filter(state="pending")
    assert {(row.reason, row.next_try_at) for row in waits} == {("quiet_hours", NOW + 60 * MINUTE)}
    deliver_all(NOW + 60 * MINUTE)
    assert titles(listener)[1:] == ["2 alerts from Puffling"]


def test_a_flood_becomes_one_digest(ann: User, listener: Listener) -> None:
    make(ann, target=f"{listener.url}/x", flood_count=3, flood_minutes=10)
    tell(ann, "first")
    deliver_all()
    news = [NewAlert(user_id=ann.pk, kind="firing", title=f"n{n}", dedupe_key=f"n{n}") for n in range(100)]
    raise_alerts(news, NOW + MINUTE)
    deliver_all(NOW + MINUTE)
    assert titles(listener) == ["Alert first"]
    deliver_all(NOW + 10 * MINUTE)
    assert titles(listener)[1:] == ["100 alerts from Puffling"]
    assert "… and 50 more" in json.loads(listener.requests[1].body)["text"]
    assert Delivery.objects.filter(state="sent").count() == 101


def test_a_digest_that_fails_is_tried_again_as_it_was(ann: User, listener: Listener) -> None:
    make(ann, target=f"{listener.url}/x", verbosity={"default": "digest"}, digest_minutes=10)
    tell(ann, "a")
    tell(ann, "b")
    listener.answers = [500]
    at = NOW + 10 * MINUTE
    deliver_all(at)
    tell(ann, "c", now=at)
    deliver_all(at + 10 * MINUTE)
    assert titles(listener) == ["2 alerts from Puffling", "2 alerts from Puffling", "Alert c"]
    ids = [request.headers["Puffling-Delivery"] for request in listener.requests]
    assert ids[0] == ids[1] != ids[2]


def test_a_critical_alert_comes_again_until_it_is_acknowledged(ann: User, listener: Listener) -> None:
    make(ann, target=f"{listener.url}/x", repeat_minutes=5)
    alert = tell(ann, severity="critical")
    tell(ann, "calm")
    deliver_all()
    deliver_all(NOW + 5 * MINUTE)
    deliver_all(NOW + 9 * MINUTE)
    assert titles(listener) == ["Alert k", "Alert calm", "Again: Alert k"]
    acknowledge(user=ann, alert_id=alert.id, now=NOW + 9 * MINUTE)
    deliver_all(NOW + 30 * MINUTE)
    assert len(listener.requests) == 3
    row = Delivery.objects.get(alert=alert)
    assert (row.state, row.repeats, row.next_try_at) == ("sent", 1, None)


def test_repeats_have_an_end(ann: User, listener: Listener) -> None:
    make(ann, target=f"{listener.url}/x", repeat_minutes=5, repeat_most=2)
    tell(ann, severity="critical")
    for n in range(6):
        deliver_all(NOW + 5 * n * MINUTE)
    assert len(listener.requests) == 3


def test_what_was_acknowledged_in_the_site_is_not_sent_any_more(
    ann: User, webhook: AlertChannel, listener: Listener
) -> None:
    acknowledge(user=ann, alert_id=tell(ann).id, now=NOW)
    deliver_all()
    assert (only().state, only().reason, listener.requests) == ("suppressed", "acknowledged", [])


def test_a_worker_that_dies_leaves_its_row_to_the_next(ann: User, webhook: AlertChannel, listener: Listener) -> None:
    tell(ann)
    _, claimed = delivering.claim(now=NOW)
    assert claimed is not None
    assert deliver_all() == 0  # held
    after = NOW + LEASE
    deliver_all(after)
    assert (only().state, only().attempts, len(listener.requests)) == ("sent", 2, 1)
    # The first worker may have sent it before it died: the receiver can tell by the id.
    assert listener.requests[0].headers["Puffling-Delivery"] == str(claimed.rows[0].message_id)
    late = delivering.Outcome(sent=False, text="too late", permanent=True)
    assert delivering.record(claimed, late, now=after) is False
    assert only().state == "sent"


def test_a_target_that_cannot_be_read_is_final(
    ann: User, webhook: AlertChannel, listener: Listener, configured: Callable[..., None]
) -> None:
    tell(ann)
    configured(field_keys=("b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVybyE=",))
    deliver_all()
    assert (only().state, listener.requests) == ("failed", [])
    assert "not in PUFFLING_FIELD_KEYS" in only().outcome


@pytest.mark.django_db(transaction=True)
def test_many_workers_send_everything_once(ann: User, listener: Listener) -> None:
    for n in range(3):
        make(ann, name=f"c{n}", target=f"{listener.url}/{n}", flood_count=100)
    for n in range(8):
        tell(ann, f"k{n}")

    def work() -> None:
        try:
            for _ in range(40):
                deliver_one(now=NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    deliver_all()
    assert Delivery.objects.filter(state="sent").count() == len(listener.requests) == 24
    for n in range(3):  # each channel in order
        mine = [json.loads(r.body)["title"] for r in listener.requests if r.path == f"/{n}"]
        assert mine == [f"Alert k{n}" for n in range(8)]


@pytest.mark.django_db(transaction=True)
def test_without_redis_the_sweeper_sends(ann: User, listener: Listener) -> None:
    make(ann, target=f"{listener.url}/x")
    tell(ann, now=clock_now() - timedelta(minutes=1))
    assert sweeping.sweep(clock_now())
    sweeping.wait_for_sending(10)
    assert only().state == "sent"
    assert not sweeping.sweep(clock_now())


def test_a_message_that_kills_its_workers_is_given_up(ann: User, webhook: AlertChannel, listener: Listener) -> None:
    tell(ann)
    at = NOW
    for _ in range(MOST_TRIES):
        delivering.claim(now=at)
        at += LEASE
    deliver_all(at)
    assert (only().state, only().reason, listener.requests) == ("suppressed", "gave_up", [])
