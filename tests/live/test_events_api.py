from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from live.catching_up import forget_events
from live.models import Event
from live.push import announce, publish

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def client(ann: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(ann)
    return client


def say(user: User, count: int = 1, now: datetime = NOW) -> None:
    for n in range(count):
        announce(user_id=user.pk, topic="orders", kind="filled", payload={"n": n}, now=now)


def test_events_after_a_number(client: APIClient, ann: User, bob: User) -> None:
    say(ann, 3)
    say(bob)
    answer = client.get("/api/events/?after=1").json()
    assert [event["seq"] for event in answer["results"]] == [2, 3]
    assert (answer["last_seq"], answer["more"], answer["forgotten"]) == (3, False, False)
    assert answer["results"][0] == {
        "seq": 2,
        "topic": "orders",
        "kind": "filled",
        "payload": {"n": 1},
        "trace_id": None,
        "at": "2026-11-20T15:00:00Z",
    }


def test_reading_numbers_what_no_process_had_numbered(client: APIClient, ann: User) -> None:
    Event.objects.create(user=ann, topic="orders", kind="left behind", created_at=NOW)
    assert [event["seq"] for event in client.get("/api/events/").json()["results"]] == [1]


def test_limit_and_more(client: APIClient, ann: User) -> None:
    say(ann, 5)
    answer = client.get("/api/events/?after=0&limit=2").json()
    assert len(answer["results"]) == 2
    assert answer["more"] is True


def test_nothing_new(client: APIClient, ann: User) -> None:
    say(ann, 2)
    answer = client.get("/api/events/?after=2").json()
    assert answer == {"last_seq": 2, "more": False, "forgotten": False, "results": []}


def test_a_client_behind_retention_is_told_to_reload(client: APIClient, ann: User) -> None:
    say(ann, 3, NOW - timedelta(days=40))
    say(ann, 1)
    publish([ann.pk])
    assert forget_events(NOW - timedelta(days=30)) == 3
    answer = client.get("/api/events/?after=1").json()
    assert answer["forgotten"] is True
    assert [event["seq"] for event in answer["results"]] == [4]
    assert client.get("/api/events/?after=3").json()["forgotten"] is False


def test_everything_forgotten(client: APIClient, ann: User) -> None:
    say(ann, 3, NOW - timedelta(days=40))
    publish([ann.pk])
    forget_events(NOW)
    assert client.get("/api/events/?after=0").json() == {
        "last_seq": 3,
        "more": False,
        "forgotten": True,
        "results": [],
    }


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "limit=0", "limit=501", "aftr=1", "after=99999999999999999999"]
)
def test_bad_queries_are_refused(client: APIClient, query: str) -> None:
    answer = client.get(f"/api/events/?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"]


def test_strangers_get_nothing() -> None:
    assert APIClient().get("/api/events/").status_code == 401
