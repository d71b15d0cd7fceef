from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.tokens import create_token
from common.clock import now

pytestmark = pytest.mark.django_db


def with_token(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return client


def new(user: User, *scopes: str, **more: Any) -> str:
    return create_token(user=user, name=more.pop("name", "bot"), scopes=scopes or ["read"], now=now(), **more)[1]


def test_the_secret_is_shown_once_and_only_a_hash_is_kept(signed_in: APIClient) -> None:
    made = signed_in.post("/api/auth/tokens/", {"name": "bot", "scopes": ["read"]})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("pfl_")
    assert secret not in str(list(ApiToken.objects.values()))
    listed = signed_in.get("/api/auth/tokens/").json()["results"]
    assert "secret" not in listed[0]
    assert secret.startswith(listed[0]["prefix"])
    me = with_token(secret).get("/api/auth/me/").json()
    assert (me["username"], me["signed_in_with"], me["scopes"]) == ("ann", "token", ["read"])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "bot", "scopes": []}, "scopes"),
        ({"name": "bot", "scopes": ["root"]}, "scopes.0"),
        ({"name": "bot", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "bot", "scopes": ["read"], "secret": "pfl_mine"}, "secret"),
    ],
)
def test_bad_requests_name_the_field(signed_in: APIClient, given: dict[str, Any], field: str) -> None:
    answer = signed_in.post("/api/auth/tokens/", given)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


def test_a_name_is_taken_until_its_token_is_revoked(signed_in: APIClient, ann: User) -> None:
    new(ann)
    taken = signed_in.post("/api/auth/tokens/", {"name": "bot", "scopes": ["read"]})
    assert taken.json()["errors"]["name"]
    assert signed_in.delete(f"/api/auth/tokens/{ApiToken.objects.get().pk}/").status_code == 204
    assert signed_in.post("/api/auth/tokens/", {"name": "bot", "scopes": ["read"]}).status_code == 201


def test_a_revoked_token_is_refused_at_once(signed_in: APIClient, ann: User) -> None:
    secret = new(ann)
    path = f"/api/auth/tokens/{ApiToken.objects.get().pk}/"
    signed_in.delete(path)
    revoked_at = ApiToken.objects.get().revoked_at
    signed_in.delete(path)
    assert ApiToken.objects.get().revoked_at == revoked_at
    answer = with_token(secret).get("/api/auth/me/")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


def test_expired_unknown_and_malformed_tokens_are_401(ann: User) -> None:
    secret = new(ann, expires_at=now() + timedelta(hours=1))
    ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))
    for header in (secret, "pfl_wrong", "", "two words", "\xff"):
        answer = with_token(header).get("/api/auth/me/")
        assert answer.status_code == 401, header
        assert "WWW-Authenticate" in answer.headers


def test_the_token_of_a_closed_account_is_refused(ann: User) -> None:
    secret = new(ann)
    User.objects.update(is_active=False)
    assert with_token(secret).get("/api/auth/me/").status_code == 401


def test_last_use_is_recorded_at_most_once_a_minute(ann: User) -> None:
    secret = new(ann)
    with_token(secret).get("/api/auth/me/")
    first = ApiToken.objects.get().last_used_at
    with_token(secret).get("/api/auth/me/")
    assert ApiToken.objects.get().last_used_at == first is not None


def test_a_token_cannot_make_see_or_revoke_tokens_beyond_its_scopes(ann: User) -> None:
    secret = new(ann, "read", "trade", "approve", "admin")
    bot = with_token(secret)
    made = bot.post("/api/auth/tokens/", {"name": "more", "scopes": ["admin"]})
    assert (made.status_code, made.json()["code"]) == (403, "scope_missing")
    assert bot.delete(f"/api/auth/tokens/{ApiToken.objects.get().pk}/").status_code == 403
    assert bot.patch("/api/auth/me/", {"email": "thief@example.com"}).status_code == 403


def test_reading_needs_the_read_scope(ann: User) -> None:
    answer = with_token(new(ann, "trade")).get("/api/alerts/history/")
    assert answer.status_code == 403
    assert "trade" in answer.json()["detail"]
    assert "'read'" in answer.json()["detail"]


def test_writing_needs_the_declared_scope(ann: User) -> None:
    assert with_token(new(ann, "read")).post("/api/alerts/history/ack/").status_code == 403
    assert with_token(new(ann, "trade", name="trader")).post("/api/alerts/history/ack/").status_code == 200


def test_another_users_token_does_not_exist(signed_in: APIClient, bob: User) -> None:
    new(bob)
    path = f"/api/auth/tokens/{ApiToken.objects.get().pk}/"
    assert signed_in.get(path).status_code == 404
    assert signed_in.delete(path).status_code == 404
    assert ApiToken.objects.get().revoked_at is None
    assert signed_in.get("/api/auth/tokens/").json()["count"] == 0
