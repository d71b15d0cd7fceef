from __future__ import annotations

from datetime import timedelta

import pytest
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import User
from common.clock import now
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(**other: str) -> dict[str, str]:
    given = {"username": "ann", "password": PASSWORD, **other}
    answer = APIClient().post("/api/auth/token/", given)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def bearer(access: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return client


def refresh(token: str) -> tuple[int, dict[str, str]]:
    answer = APIClient().post("/api/auth/token/refresh/", {"refresh": token})
    return answer.status_code, answer.json()


def test_username_and_password_get_a_pair_that_works(ann: User) -> None:
    pair = sign_in()
    me = bearer(pair["access"]).get("/api/auth/me/").json()
    assert (me["username"], me["signed_in_with"]) == ("ann", "jwt")
    assert me["scopes"] == ["read", "trade", "approve", "admin"]
    ann.refresh_from_db()
    assert ann.last_login is not None


def test_a_wrong_password_is_401_and_does_not_say_which_was_wrong(ann: User) -> None:
    wrong_password = APIClient().post("/api/auth/token/", {"username": "ann", "password": "x"})
    wrong_name = APIClient().post("/api/auth/token/", {"username": "nobody", "password": "x"})
    assert wrong_password.status_code == wrong_name.status_code == 401
    assert wrong_password.json() == wrong_name.json()
    assert wrong_password.headers["WWW-Authenticate"].startswith("Bearer")
    assert wrong_password.headers["Content-Type"] == "application/problem+json"


def test_refreshing_gives_the_next_pair(ann: User) -> None:
    status, pair = refresh(sign_in()["refresh"])
    assert status == 200
    assert bearer(pair["access"]).get("/api/auth/me/").status_code == 200


def test_a_refresh_token_works_once(ann: User) -> None:
    first = sign_in()["refresh"]
    assert refresh(first)[0] == 200
    status, body = refresh(first)
    assert (status, body["code"]) == (401, "token_not_valid")


def test_using_an_old_refresh_token_signs_the_user_out_everywhere(ann: User) -> None:
    stolen = sign_in()["refresh"]
    _, mine = refresh(stolen)
    other_device = sign_in()["refresh"]
    BlacklistedToken.objects.update(blacklisted_at=now() - timedelta(minutes=1))
    assert refresh(stolen)[0] == 401
    assert refresh(mine["refresh"])[0] == 401
    assert refresh(other_device)[0] == 401


def test_a_second_use_within_seconds_is_a_retry_not_a_theft(ann: User) -> None:
    first = sign_in()["refresh"]
    _, mine = refresh(first)
    assert refresh(first)[0] == 401
    assert refresh(mine["refresh"])[0] == 200


def test_signing_out_ends_the_refresh_token_and_nothing_else(ann: User) -> None:
    pair, other_device = sign_in(), sign_in()
    assert APIClient().post("/api/auth/logout/", {"refresh": pair["refresh"]}).status_code == 204
    assert APIClient().post("/api/auth/logout/", {"refresh": pair["refresh"]}).status_code == 204
    BlacklistedToken.objects.update(blacklisted_at=now() - timedelta(minutes=1))
    assert refresh(pair["refresh"])[0] == 401
    assert refresh(other_device["refresh"])[0] == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "null"])
def test_rubbish_is_refused(ann: User, token: str) -> None:
    assert refresh(token)[0] in (400, 401)
    assert APIClient().post("/api/auth/logout/", {"refresh": token}).status_code in (400, 401)


def test_an_access_token_is_no_refresh_token(ann: User) -> None:
    assert refresh(sign_in()["access"])[0] == 401


def test_a_password_change_ends_both_tokens(ann: User) -> None:
    pair = sign_in()
    ann.set_password("another long pass-phrase")
    ann.save()
    assert refresh(pair["refresh"])[0] == 401
    assert bearer(pair["access"]).get("/api/auth/me/").status_code == 401


@pytest.mark.parametrize("gone", ["inactive", "deleted"])
def test_a_closed_account_cannot_refresh(ann: User, gone: str) -> None:
    pair = sign_in()
    if gone == "inactive":
        User.objects.update(is_active=False)
    else:
        ann.delete()
    assert refresh(pair["refresh"])[0] == 401
    assert bearer(pair["access"]).get("/api/auth/me/").status_code == 401


def test_the_database_holds_no_refresh_token(ann: User) -> None:
    pair = sign_in()
    assert pair["refresh"] not in str(list(OutstandingToken.objects.values()))


def test_an_unknown_field_is_named(ann: User) -> None:
    answer = APIClient().post("/api/auth/token/", {"user": "ann", "password": "x"})
    assert answer.json()["errors"] == {"user": ["Unknown field. Did you mean 'username'?"]}
