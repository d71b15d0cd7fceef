"""What is refused at the door, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.test import Client, override_settings
from django.urls import include, path
from rest_framework.test import APIClient

from accounts.models import User
from common.throttling import UserRate
from tests.site.conftest import client_of

PROBLEM = "application/problem+json"


def broken(_request: Any) -> None:
    raise ZeroDivisionError


urlpatterns = [path("api/broken/", broken), path("broken/", broken), path("", include("puffling_site.urls"))]
handler500 = "puffling_site.failures.broken"


def post(client: APIClient, body: bytes | str, content_type: str = "application/json") -> Any:
    return client.generic("PATCH", "/api/auth/me/", body, content_type=content_type)


def test_malformed_json_names_line_and_column(as_ann: APIClient) -> None:
    answer = post(as_ann, '{"email":\n nope}')
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, PROBLEM)
    assert answer.json()["code"] == "malformed_json"
    assert "line 2, column 2" in answer.json()["detail"]


@pytest.mark.parametrize("body", ['{"email": NaN}', '{"email": Infinity}', '{"email": -Infinity}', '{"email": 1e999}'])
def test_numbers_that_are_none_are_refused(as_ann: APIClient, body: str) -> None:
    answer = post(as_ann, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_finite")


@pytest.mark.parametrize("text", ['"a\\u0000b"', '"\\ud800"', '"\\udfff tail"'])
def test_text_postgresql_cannot_store_is_400(as_ann: APIClient, text: str) -> None:
    answer = post(as_ann, f'{{"time_zone": {text}}}')
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_character")


@pytest.mark.parametrize("address", ["/api/alerts/history/?symbol=%00", "/api/events/?after=%00", "/login/link/%00/"])
def test_nul_in_an_address_is_400(as_ann: APIClient, address: str) -> None:
    assert as_ann.get(address).status_code == 400


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x"])
def test_another_content_type_is_415(as_ann: APIClient, content_type: str) -> None:
    answer = post(as_ann, "x", content_type)
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, PROBLEM)


@pytest.mark.parametrize("body", ["[]", "5", '"text"', "null", "true"])
def test_json_that_is_no_object_is_400(as_ann: APIClient, body: str) -> None:
    assert post(as_ann, body).status_code == 400
    assert APIClient().generic("POST", "/api/auth/token/", body, content_type="application/json").status_code == 400


def test_a_large_body_is_413(as_ann: APIClient) -> None:
    answer = post(as_ann, b"x" * 10_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def over_asgi(headers: list[tuple[bytes, bytes]], *parts: bytes) -> tuple[int, bytes]:
    """Status and content type of a POST in parts, sent to the whole ASGI application."""
    from puffling_site.asgi import application

    scope = {"type": "http", "method": "POST", "path": "/api/auth/token/", "query_string": b""}
    scope["headers"] = [(b"host", b"localhost"), (b"content-type", b"application/json"), *headers]
    request = ApplicationCommunicator(application, scope)
    for part in parts:
        await request.send_input({"type": "http.request", "body": part, "more_body": part is not parts[-1]})
    start = await request.receive_output(timeout=10)
    return start["status"], dict(start["headers"])[b"content-type" if start["status"] == 413 else b"Content-Type"]


@pytest.mark.asyncio
async def test_a_client_that_asks_before_sending_is_refused_before_sending() -> None:
    """`Expect: 100-continue`, as curl does: nothing of the body is read."""
    asked = [(b"content-length", b"10000000"), (b"expect", b"100-continue")]
    assert await over_asgi(asked) == (413, PROBLEM.encode())


@pytest.mark.asyncio
@pytest.mark.parametrize("announced", [[(b"content-length", b"3000000")], []])
async def test_a_client_that_sends_first_gets_to_read_the_answer(announced: list[tuple[bytes, bytes]]) -> None:
    parts = [bytes([65 + n]) * 1_000_000 for n in range(3)]
    assert await over_asgi(announced, *parts) == (413, PROBLEM.encode())


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_a_body_in_parts_arrives_whole() -> None:
    status, _ = await over_asgi([], b'{"username": "ann", ', b'"password": "wrong"}')
    assert status == 401


def test_unknown_paths_and_methods_are_problems_too(as_ann: APIClient) -> None:
    unknown = as_ann.get("/api/nothing/here/")
    assert (unknown.status_code, unknown.headers["Content-Type"]) == (404, PROBLEM)
    assert unknown.json()["code"] == "not_found"
    method = as_ann.delete("/api/auth/me/")
    assert (method.status_code, method.headers["Content-Type"]) == (405, PROBLEM)


def test_a_stranger_is_told_how_to_sign_in() -> None:
    answer = APIClient().get("/api/auth/me/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, PROBLEM)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.django_db
@pytest.mark.urls(__name__)
@override_settings(DEBUG=False)
def test_a_bug_is_a_problem_for_programs_and_a_page_for_people() -> None:
    client = Client(raise_request_exception=False)
    for_programs = client.get("/api/broken/")
    assert (for_programs.status_code, for_programs.headers["Content-Type"]) == (500, PROBLEM)
    assert "ZeroDivisionError" not in for_programs.content.decode()
    for_people = client.get("/broken/")
    assert for_people.status_code == 500
    assert for_people.headers["Content-Type"].startswith("text/html")


def test_the_api_is_throttled(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserRate, "THROTTLE_RATES", {"user": "3/min"})
    client = client_of(ann)
    answers = [client.get("/api/auth/me/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_the_api_works_without_redis(as_ann: APIClient, settings: Any) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/2"}
    }
    assert as_ann.get("/api/auth/me/").status_code == 200
    assert APIClient().post("/api/auth/token/", {"username": "ann", "password": "wrong"}).status_code == 401
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
