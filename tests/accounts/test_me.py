from __future__ import annotations

import threading

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tickets import create_ticket, use_ticket
from common.clock import now


@pytest.mark.django_db
def test_time_zone_and_email_can_be_changed_and_nothing_else(signed_in: APIClient, ann: User) -> None:
    changed = signed_in.patch("/api/auth/me/", {"time_zone": "Europe/Berlin", "email": "ann@example.com"})
    assert changed.json()["time_zone"] == "Europe/Berlin"
    assert "time_zone" in signed_in.patch("/api/auth/me/", {"time_zone": "Mars"}).json()["errors"]
    assert "is_staff" in signed_in.patch("/api/auth/me/", {"is_staff": True}).json()["errors"]
    ann.refresh_from_db()
    assert (ann.email, ann.is_staff) == ("ann@example.com", False)


@pytest.mark.django_db
def test_a_ticket_is_given_to_whoever_is_signed_in(signed_in: APIClient, ann: User) -> None:
    ticket = signed_in.post("/api/auth/ticket/").json()["ticket"]
    spent = use_ticket(ticket, now=now())
    assert spent is not None
    assert spent.user == ann
    assert APIClient().post("/api/auth/ticket/").status_code == 401


@pytest.mark.django_db(transaction=True)
def test_of_many_spenders_of_one_ticket_one_wins(ann: User) -> None:
    ticket, _ = create_ticket(user=ann, token=None, now=now())
    won: list[bool] = []

    def work() -> None:
        try:
            won.append(use_ticket(ticket, now=now()) is not None)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 4 + [True]
