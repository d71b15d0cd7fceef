from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection, transaction

from accounts.models import User
from live import push
from live.models import Event, EventCounter

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def say(user: User, kind: str = "filled", **payload: object) -> None:
    push.announce(user_id=user.pk, topic="orders", kind=kind, payload=payload, now=NOW)


def numbers(user: User) -> list[int | None]:
    return list(Event.objects.filter(user=user).order_by("id").values_list("seq", flat=True))


@pytest.mark.django_db(transaction=True)
def test_announcing_outside_a_transaction_numbers_at_once(ann: User) -> None:
    say(ann)
    say(ann)
    assert numbers(ann) == [1, 2]
    assert EventCounter.objects.get(user=ann).last_seq == 2


@pytest.mark.django_db(transaction=True)
def test_an_event_has_no_number_before_its_transaction_commits(ann: User) -> None:
    with transaction.atomic():
        say(ann)
        assert numbers(ann) == [None]
    assert numbers(ann) == [1]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_announces_nothing_and_leaves_no_gap(ann: User) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        say(ann)
        raise RuntimeError
    say(ann)
    assert numbers(ann) == [1]


@pytest.mark.django_db(transaction=True)
def test_one_commit_makes_one_publish(ann: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[list[int]] = []
    real = push.publish
    monkeypatch.setattr(push, "publish", lambda ids: (published.append(sorted(ids)), real(ids)))
    with transaction.atomic():
        for _ in range(5):
            say(ann)
            say(bob)
    assert published == [[ann.pk, bob.pk]]
    assert numbers(ann) == numbers(bob) == [1, 2, 3, 4, 5]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_savepoint_does_not_take_the_outer_publish_with_it(ann: User) -> None:
    with transaction.atomic():
        with pytest.raises(RuntimeError), transaction.atomic():
            say(ann, kind="undone")
            raise RuntimeError
        say(ann, kind="kept")
    assert list(Event.objects.values_list("kind", "seq")) == [("kept", 1)]


@pytest.mark.django_db(transaction=True)
def test_publishing_for_many_users_costs_the_same_statements_as_for_one(django_assert_max_num_queries) -> None:
    users = [User.objects.create_user(f"u{i}") for i in range(50)]
    Event.objects.bulk_create(
        [Event(user=user, topic="orders", kind="filled", created_at=NOW) for user in users for _ in range(3)]
    )
    push.publish([user.pk for user in users])  # their first events open their counters
    Event.objects.update(seq=None)
    EventCounter.objects.update(last_seq=0)
    with django_assert_max_num_queries(4):  # begin, two statements, commit
        assert push.publish([user.pk for user in users]) == 150
    assert all(numbers(user) == [1, 2, 3] for user in users)


@pytest.mark.django_db(transaction=True)
def test_concurrent_transactions_leave_no_gap_and_no_double(ann: User) -> None:
    def work() -> None:
        try:
            for _ in range(20):
                with transaction.atomic():
                    say(ann)
                    say(ann)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n for n in numbers(ann) if n) == list(range(1, 241))
    assert EventCounter.objects.get(user=ann).last_seq == 240


@pytest.mark.django_db(transaction=True)
def test_leftovers_of_a_dead_process_are_published(ann: User, bob: User) -> None:
    Event.objects.create(user=ann, topic="orders", kind="filled", created_at=NOW)
    Event.objects.create(user=bob, topic="orders", kind="filled", created_at=NOW)
    assert push.publish_leftovers(NOW) == 2
    assert push.publish_leftovers(NOW) == 0


@pytest.mark.django_db(transaction=True)
def test_a_dead_socket_server_is_logged_and_nothing_else(
    ann: User, settings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from live import sending

    dead = {**settings.CHANNEL_LAYERS["default"]["CONFIG"], "hosts": ["redis://127.0.0.1:1/1"]}
    settings.CHANNEL_LAYERS = {"default": {**settings.CHANNEL_LAYERS["default"], "CONFIG": dead}}
    monkeypatch.setattr(sending._Pause, "until", 0.0)
    say(ann)
    say(ann)
    sending._Pause.until = 0.0
    assert caplog.text.count("clients will fetch them") == 1  # the second did not wait for the server again
    assert numbers(ann) == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_payloads_carry_decimals_ids_and_times_as_strings(ann: User) -> None:
    trace = uuid4()
    say(ann, price=Decimal("1.50"), trace=trace, at=NOW)
    assert Event.objects.get().payload == {"price": "1.50", "trace": str(trace), "at": "2026-11-20T15:00:00Z"}
