from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from live.models import Event

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def client(ann: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(ann)
    return client


@pytest.fixture
def three(ann: User) -> list[Alert]:
    def new(key: str, kind: str, severity: str, symbol: str) -> NewAlert:
        return NewAlert(user_id=ann.pk, kind=kind, title=key, dedupe_key=key, severity=severity, symbol=symbol)

    return [
        raise_alerts([alert], NOW - timedelta(hours=ago))[0]
        for ago, alert in [
            (2, new("a", "firing", "info", "AAPL")),
            (1, new("b", "fill", "info", "MSFT")),
            (0, new("c", "safety", "critical", "")),
        ]
    ]


def titles(client: APIClient, query: str = "") -> list[str]:
    return [alert["title"] for alert in client.get(f"/api/alerts/history/?{query}").json()["results"]]


def test_the_history_is_newest_first(client: APIClient, three: list[Alert]) -> None:
    assert titles(client) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kind=fill", ["b"]),
        ("severity=critical", ["c"]),
        ("symbol=aapl", ["a"]),
        ("since=2026-11-20T14:00:00Z", ["c", "b"]),
        ("ordering=triggered_at&kind=firing", ["a"]),
        ("page_size=1&page=3", ["a"]),
    ],
)
def test_filters(client: APIClient, three: list[Alert], query: str, found: list[str]) -> None:
    assert titles(client, query) == found


def test_acknowledging_keeps_the_first_time_and_tells_other_pages(client: APIClient, three: list[Alert]) -> None:
    first = client.post(f"/api/alerts/history/{three[0].pk}/ack/").json()
    again = client.post(f"/api/alerts/history/{three[0].pk}/ack/").json()
    assert first["acknowledged_at"] == again["acknowledged_at"] is not None
    assert Event.objects.filter(kind="acknowledged").count() == 1
    assert titles(client, "unacknowledged=true") == ["c", "b"]
    assert titles(client, "unacknowledged=false") == ["a"]


def test_acknowledging_everything(client: APIClient, three: list[Alert]) -> None:
    assert client.post("/api/alerts/history/ack/").json() == {"acknowledged": 3}
    assert titles(client, "unacknowledged=true") == []


def test_a_wrong_filter_is_refused(client: APIClient, three: list[Alert]) -> None:
    assert client.get("/api/alerts/history/?kind=nope").status_code == 400
    assert client.get("/api/alerts/history/?sevrity=info").json()["errors"] == {
        "sevrity": ["Unknown query parameter. Did you mean 'severity'?"]
    }


def test_another_users_alert_does_not_exist(three: list[Alert], bob: User) -> None:
    client = APIClient()
    client.force_authenticate(bob)
    assert titles(client) == []
    assert client.get(f"/api/alerts/history/{three[0].pk}/").status_code == 404
    assert client.post(f"/api/alerts/history/{three[0].pk}/ack/").status_code == 404
    assert Alert.objects.filter(acknowledged_at__isnull=False).count() == 0


def test_the_list_costs_the_same_for_many(client: APIClient, three: list[Alert], django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        titles(client)
