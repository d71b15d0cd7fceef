from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from alerts.raising import raise_alert
from automation import missing
from automation.models import Missed
from common.heartbeats import beat
from markets.models import Exchange, Instrument, Quote
from puffling_site import engine
from puffling_site.monitoring import status
from tests.site.conftest import NOW
from tests.site.routes import world_of

pytestmark = pytest.mark.django_db


def waiting_price(since: timedelta, dirty: bool = True) -> None:
    exchange, _ = Exchange.objects.get_or_create(code="DEMO", defaults={"name": "Demo", "always_open": True})
    instrument = Instrument.objects.create(symbol=f"T{Instrument.objects.count()}", name="Test", exchange=exchange)
    price = {"last": 1, "low": 1, "high": 1}
    times = {"range_since": NOW - since, "at": NOW, "received_at": NOW}
    Quote.objects.create(instrument=instrument, source="demo", dirty=dirty, **price, **times)


def test_a_quiet_engine_is_active(ann: User) -> None:
    beat("evaluate", now=NOW - timedelta(seconds=5), claimed=10)
    beat("feed:demo", now=NOW - timedelta(seconds=2))
    seen = status(ann, now=NOW)
    assert seen["engine_active"] is True
    assert seen["last_evaluation_age_seconds"] == 5
    assert (seen["feed_source"], seen["feed_age_seconds"], seen["lag_seconds"]) == ("demo", 2, 0)
    assert [row["process"] for row in seen["processes"]] == ["evaluate", "feed:demo"]


def test_prices_that_wait_too_long_show_a_stopped_engine(ann: User) -> None:
    beat("evaluate", now=NOW - timedelta(minutes=5))
    waiting_price(timedelta(minutes=5))
    waiting_price(timedelta(hours=5), dirty=False)
    seen = status(ann, now=NOW)
    assert seen["engine_active"] is False
    assert seen["lag_seconds"] == 300


def test_counts_are_the_users_own(ann: User, bob: User) -> None:
    raise_alert(user_id=bob.pk, kind="failure", title="x", now=NOW, dedupe_key="x")
    assert status(ann, now=NOW)["recent_errors"] == 0
    assert status(bob, now=NOW)["recent_errors"] == 1


def test_a_dead_redis_is_no_failure(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    monkeypatch.setattr(engine, "redis_client", lambda: redis.Redis(host="127.0.0.1", port=1))
    assert status(ann, now=NOW)["queues"] == dict.fromkeys(engine.QUEUES)


def test_the_api_tells_it_all(as_ann: APIClient) -> None:
    answer = as_ann.get("/api/monitoring/status/")
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    assert set(body["queues"]) == set(engine.QUEUES)
    assert body["database_bytes"] > 0
    assert body["versions"]["postgresql"]


def test_the_last_outage_is_shown_with_what_was_missed(ann: User, bob: User, as_ann: APIClient) -> None:
    assert status(ann, now=NOW)["downtime"] is None
    beat("sweeper", now=NOW - timedelta(minutes=45))
    world = world_of(ann)
    missing.notice_outage(now=NOW)
    Missed.objects.filter(pk=world["missed"]).update(due_at=NOW - timedelta(minutes=5), found_at=NOW)
    body = as_ann.get("/api/monitoring/status/").json()["downtime"]
    assert (body["down_seconds"], body["missed_count"]) == (2700, 1)
    assert body["missed"][0]["action"] == str(world["action"])
    assert status(bob, now=NOW)["downtime"]["missed_count"] == 0
