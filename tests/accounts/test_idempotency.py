"""The same request twice: one effect, one answer. Exercised through a view of our own making."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from accounts.idempotency import forget_keys, idempotent
from accounts.models import IdempotencyRecord, User
from common.clock import now
from common.errors import Conflict
from common.heartbeats import beat
from common.models import Heartbeat

slow = threading.Event()


class Effect(APIView):
    """Leaves one row per run, then answers as it is told."""

    scopes = {"POST": "trade"}

    @idempotent
    def post(self, request: Request) -> Response:
        beat(f"run {Heartbeat.objects.count() + 1}", now=now())
        if slow.is_set():
            time.sleep(1)
        wanted = request.data.get("then")
        if wanted == "conflict":
            raise Conflict("not now")
        if wanted == "bug":
            raise ZeroDivisionError
        if wanted == "refuse":
            return Response({"code": "no"}, status=422)
        return Response({"run": Heartbeat.objects.count(), "at": now(), "given": request.data}, status=201)


urlpatterns = [path("api/effect/", Effect.as_view())]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def client(user: User) -> APIClient:
    made = APIClient(raise_request_exception=False)
    made.force_authenticate(user)
    return made


def send(user: User, key: str | None = "k1", **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client(user).post("/api/effect/", body, headers=headers)


def runs() -> int:
    return Heartbeat.objects.count()


def test_the_same_key_gets_the_first_answer_and_no_second_effect(ann: User) -> None:
    first, again = send(ann, size="1"), send(ann, size="1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert runs() == 1


def test_without_a_key_every_request_counts(ann: User) -> None:
    send(ann, None)
    send(ann, None)
    assert runs() == 2


def test_the_same_key_with_another_body_is_refused(ann: User) -> None:
    send(ann, size="1")
    answer = send(ann, size="2")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert runs() == 1


def test_key_order_in_the_body_does_not_matter(ann: User) -> None:
    send(ann, a=1, b=2)
    assert send(ann, b=2, a=1).status_code == 201
    assert runs() == 1


def test_keys_belong_to_their_user(ann: User, bob: User) -> None:
    send(ann)
    send(bob)
    assert runs() == 2


@pytest.mark.parametrize(("then", "status"), [("conflict", 409), ("refuse", 422), ("bug", 500)])
def test_a_failed_request_leaves_neither_effect_nor_record(ann: User, then: str, status: int) -> None:
    assert send(ann, then=then).status_code == status
    assert runs() == 0
    assert not IdempotencyRecord.objects.exists()
    assert send(ann, then="").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_two_at_once_have_one_effect(ann: User) -> None:
    statuses: list[int] = []
    answers: list[Any] = []

    def work() -> None:
        try:
            answer = send(ann, size="1")
            statuses.append(answer.status_code)
            answers.append(answer)
        finally:
            connection.close()

    slow.set()
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        slow.clear()
    assert statuses.count(201) == 1
    assert statuses.count(409) == 3
    waiting = next(answer for answer in answers if answer.status_code == 409)
    assert waiting.headers["Retry-After"] == "1"
    assert waiting.json()["code"] == "idempotency_key_in_use"
    assert send(ann, size="1").status_code == 201
    assert runs() == 1


def test_a_key_is_forgotten_after_48_hours(ann: User) -> None:
    send(ann)
    IdempotencyRecord.objects.update(created_at=now() - timedelta(hours=49))
    assert send(ann, size="other").status_code == 201
    assert runs() == 2
    assert IdempotencyRecord.objects.count() == 1


def test_old_records_are_deleted(ann: User) -> None:
    send(ann)
    assert forget_keys(before=now()) == 1


@pytest.mark.parametrize("key", ["", "x" * 129, "é"])
def test_a_strange_key_is_refused(ann: User, key: str) -> None:
    answer = send(ann, key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["errors"]
    assert runs() == 0


@override_settings(DEBUG=False)
def test_strangers_are_refused_before_anything_is_recorded() -> None:
    answer = APIClient().post("/api/effect/", {}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 401
    assert not IdempotencyRecord.objects.exists()
