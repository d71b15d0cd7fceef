from __future__ import annotations

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def try_api(password: str, username: str = "ann") -> tuple[int, dict[str, object]]:
    answer = APIClient().post("/api/auth/token/", {"username": username, "password": password})
    return answer.status_code, answer.json()


def test_five_wrong_passwords_lock_the_api_and_the_page(ann: User) -> None:
    assert [try_api("wrong")[0] for _ in range(5)] == [401, 401, 401, 401, 429]
    status, body = try_api(PASSWORD)
    assert (status, body["code"]) == (429, "locked_out")
    page = Client().post("/login/", {"username": "ann", "password": PASSWORD})
    assert page.status_code == 429
    assert page.headers["Retry-After"] == "900"
    assert "15 minutes" in page.content.decode()


def test_wrong_passwords_on_the_page_lock_the_api(ann: User) -> None:
    for _ in range(5):
        Client().post("/login/", {"username": "ann", "password": "wrong"})
    assert try_api(PASSWORD)[0] == 429


def test_another_name_is_not_locked(ann: User, bob: User) -> None:
    for _ in range(5):
        try_api("wrong")
    assert try_api(PASSWORD, "bob")[0] == 200


def test_success_resets_the_count(ann: User) -> None:
    for _ in range(4):
        try_api("wrong")
    assert try_api(PASSWORD)[0] == 200
    assert [try_api("wrong")[0] for _ in range(4)] == [401] * 4
