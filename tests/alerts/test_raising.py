from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from accounts.models import User
from alerts.models import Alert
from alerts.raising import NewAlert, raise_alert, raise_alerts
from live.models import Event

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def new(user: User, key: str, **more: str) -> NewAlert:
    return NewAlert(user_id=user.pk, kind=Alert.Kind.FIRING, title=f"Alert {key}", dedupe_key=key, **more)


@pytest.mark.django_db(transaction=True)
def test_raising_the_same_key_twice_tells_once(ann: User) -> None:
    first = raise_alert(user_id=ann.pk, kind="firing", title="AAPL rose", now=NOW, dedupe_key="k")
    again = raise_alert(user_id=ann.pk, kind="firing", title="AAPL rose", now=NOW, dedupe_key="k")
    assert first is not None
    assert again is None
    assert Alert.objects.count() == 1
    event = Event.objects.get()
    assert (event.topic, event.kind, event.seq) == ("alerts", "alert", 1)
    assert event.payload["id"] == str(first.pk)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_of_another_user_is_another_alert(ann: User, bob: User) -> None:
    assert len(raise_alerts([new(ann, "k"), new(bob, "k")], NOW)) == 2


@pytest.mark.django_db(transaction=True)
def test_bulk_returns_only_new_ones_in_the_given_order(ann: User) -> None:
    raise_alerts([new(ann, "b")], NOW)
    raised = raise_alerts([new(ann, "c"), new(ann, "b"), new(ann, "a"), new(ann, "c")], NOW)
    assert [alert.dedupe_key for alert in raised] == ["c", "a"]
    assert Event.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_bulk_costs_the_same_statements_for_many(ann: User, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(14), transaction.atomic():
        raise_alerts([new(ann, f"k{i}") for i in range(300)], NOW)


@pytest.mark.django_db
def test_a_long_title_or_key_cannot_break_the_transaction(ann: User) -> None:
    alert = raise_alert(user_id=ann.pk, kind="note", title="x" * 500, now=NOW, dedupe_key="y" * 500, symbol="Z" * 50)
    assert alert is not None
    assert alert.title.endswith("…")
    assert raise_alert(user_id=ann.pk, kind="note", title="x", now=NOW, dedupe_key="y" * 500) is None
    assert raise_alert(user_id=ann.pk, kind="note", title="x", now=NOW, dedupe_key="y" * 499) is not None


@pytest.mark.django_db(transaction=True)
def test_two_transactions_raising_the_same_alerts_agree(ann: User) -> None:
    keys = [f"k{i}" for i in range(30)]
    raised: list[int] = []

    def work(order: list[str]) -> None:
        try:
            with transaction.atomic():
                raised.append(len(raise_alerts([new(ann, key) for key in order], NOW)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(order,)) for order in (keys, keys[::-1], keys)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(raised) == 30
    assert Alert.objects.count() == Event.objects.count() == 30
