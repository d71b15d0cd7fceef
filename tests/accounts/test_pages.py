from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.links import create_link, use_link
from accounts.models import LoginLink, User
from common.clock import now
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def signed_in(client: Client) -> bool:
    return client.get("/api/auth/me/").status_code == 200


def link(user: User) -> str:
    return create_link(user=user, now=now())[0]


def test_the_login_page_signs_in_and_goes_where_one_wanted(ann: User) -> None:
    client = Client()
    assert client.get("/login/").status_code == 200
    answer = client.post("/login/?next=/orders/", {"username": "ann", "password": PASSWORD, "next": "/orders/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/orders/")
    assert signed_in(client)
    client.post("/logout/")
    assert not signed_in(client)


def test_next_cannot_lead_to_another_site(ann: User) -> None:
    given = {"username": "ann", "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post("/login/", given).headers["Location"] == "/"


def test_signing_in_and_out_needs_the_csrf_token(ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/login/", {"username": "ann", "password": PASSWORD}).status_code == 403
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/logout/").status_code == 403
    assert client.get("/logout/").status_code == 405
    assert signed_in(client)


def test_the_api_with_a_session_needs_the_csrf_token(ann: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    refused = client.post("/api/alerts/history/ack/")
    assert refused.status_code == 403
    assert refused.headers["Content-Type"] == "application/problem+json"
    client.get("/login/?x=1")
    client.cookies["csrftoken"] = token = "a" * 32
    accepted = client.post("/api/alerts/history/ack/", content_type="application/json", headers={"X-CSRFToken": token})
    assert accepted.status_code == 200


def test_a_login_link_signs_in_once(ann: User) -> None:
    path, client = link(ann), Client()
    answer = client.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert signed_in(client)
    assert client.get(path).status_code == 302  # the same browser goes on
    stranger = Client()
    assert stranger.get(path).status_code == 410
    assert not signed_in(stranger)


def test_looking_at_a_link_does_not_spend_it(ann: User) -> None:
    path, client = link(ann), Client()
    assert client.head(path).status_code == 200
    assert client.get(path, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 200
    assert not signed_in(client)
    assert client.post(path).status_code == 302
    assert signed_in(client)


def test_an_expired_or_wrong_link_is_refused(ann: User) -> None:
    expired, _ = create_link(user=ann, now=now() - timedelta(minutes=11))
    assert Client().get(expired).status_code == 410
    assert Client().get("/login/link/wrong/").status_code == 410


def test_the_link_of_a_closed_account_is_refused(ann: User) -> None:
    path = link(ann)
    User.objects.update(is_active=False)
    assert Client().get(path).status_code == 410


def test_only_a_hash_of_the_link_is_stored(ann: User) -> None:
    secret = link(ann).split("/")[-2]
    assert secret not in str(list(LoginLink.objects.values()))
    assert use_link(secret, now=now()) == ann
    assert use_link(secret, now=now()) is None


def test_the_command_prints_a_link_that_works(ann: User) -> None:
    out = StringIO()
    call_command("login_link", "--user", "ann", "--json", "--base-url", "http://testserver/", stdout=out)
    url = json.loads(out.getvalue())["url"]
    assert url.startswith("http://testserver/login/link/")
    client = Client()
    client.get(url.removeprefix("http://testserver"))
    assert signed_in(client)


@pytest.mark.parametrize("wrong", [["--user", "nobody"], ["--user", "ann", "--minutes", "0"]])
def test_the_command_says_what_is_wrong(ann: User, wrong: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("login_link", *wrong)
