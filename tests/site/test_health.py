from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from common.clock import now
from common.heartbeats import beat
from puffling_site import health

pytestmark = pytest.mark.django_db
PROCESSES = ("queue:ticks", "queue:trading", "sweeper", "feed:demo")


def all_alive() -> None:
    for process in PROCESSES:
        beat(process, now=now())


def ready() -> Any:
    return Client().get("/readyz")


def test_healthz_asks_nothing(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").json() == {"status": "ok"}


def test_ready_when_everything_lives() -> None:
    all_alive()
    answer = ready()
    assert answer.status_code == 200, answer.json()
    assert answer.json()["ready"] is True


@pytest.mark.parametrize(
    ("process", "check"),
    [("queue:ticks", "workers"), ("queue:trading", "workers"), ("sweeper", "sweeper"), ("feed:demo", "feed")],
)
@pytest.mark.parametrize("how", ["silent", "never"])
def test_not_ready_names_what_is_missing(process: str, check: str, how: str) -> None:
    from datetime import timedelta

    from common.models import Heartbeat

    all_alive()
    if how == "silent":
        Heartbeat.objects.filter(process=process).update(at=now() - timedelta(minutes=5))
    else:
        Heartbeat.objects.filter(process=process).delete()
    answer = ready()
    assert answer.status_code == 503
    assert [line.split(":")[0] for line in answer.json()["missing"]] == [check]
    assert answer.json()["checks"][check]["ok"] is False


def test_a_dead_redis_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import redis

    monkeypatch.setattr(health, "redis_client", lambda: redis.Redis(host="127.0.0.1", port=1))
    all_alive()
    assert "Redis does not answer" in ready().json()["missing"][0]


def test_a_dead_database_is_named_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError, connection

    def down(*_: Any) -> None:
        raise OperationalError("connection refused")

    all_alive()
    monkeypatch.setattr(health, "_migrated", [])
    monkeypatch.setattr(connection, "cursor", down)
    answer = ready()
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["detail"] == "PostgreSQL does not answer (connection refused)"


def test_metrics_are_for_this_machine_and_administrators(ann: User) -> None:
    beat("sweeper", now=now())
    local = Client().get("/metrics")
    assert local.status_code == 200
    assert 'puffling_heartbeat_age_seconds{process="sweeper"}' in local.content.decode()
    assert Client().get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 403
    assert Client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403
    person = Client(REMOTE_ADDR="203.0.113.7")
    person.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert person.get("/metrics").status_code == 403
    User.objects.update(is_staff=True)
    assert person.get("/metrics").status_code == 200


def test_the_pulse_of_a_queue_is_its_heartbeat() -> None:
    from common.heartbeats import age
    from puffling_site.tasks import pulse

    pulse("trading")
    assert age("queue:trading", now=now()) is not None


def test_tidying_up_runs_on_an_empty_house() -> None:
    from puffling_site.tasks import tidy

    tidy()
