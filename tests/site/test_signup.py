from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from brokers.models import BrokerAccount
from common.errors import InvalidInput
from portfolios.models import LedgerEntry, Portfolio
from puffling_site.signup import open_account
from safety.models import SafetyPolicy, Switch
from tests.site.conftest import NOW, PASSWORD

pytestmark = pytest.mark.django_db


def closed(settings: Any) -> None:
    settings.CONFIG = replace(django_settings.CONFIG, signup="closed")


def test_an_account_can_trade_on_paper_at_once(ann: User) -> None:
    portfolio = Portfolio.objects.get(user=ann)
    assert (portfolio.primary, portfolio.cash) == (True, Decimal("100000.00"))
    assert LedgerEntry.objects.get(portfolio=portfolio).amount == Decimal("100000.00")
    account = BrokerAccount.objects.get(portfolio=portfolio)
    assert (account.kind, account.live) == ("paper", False)
    assert SafetyPolicy.objects.get(user=ann).paper_trading is True
    assert Switch.objects.filter(scope="user", user=ann, killed=False).exists()
    assert Switch.objects.filter(scope="global").exists()
    assert ann.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "with spaces"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"username": "ANN"}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "12345678901"}, "password"),
        ({"password": "password123"}, "password"),
        ({"username": "charlotte", "password": "charlotte1"}, "password"),
        ({"email": "nowhere"}, "email"),
    ],
)
def test_bad_input_names_its_field_and_leaves_nothing(ann: User, given: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_account(now=NOW, **{"username": "carl", "password": PASSWORD, **given})
    assert list(refused.value.errors) == [field]
    assert User.objects.count() == Portfolio.objects.count() == 1


def test_signing_up_signs_in(ann: User) -> None:
    answer = APIClient().post("/api/auth/signup/", {"username": "carl", "password": PASSWORD})
    assert answer.status_code == 201
    assert answer.json()["user"]["is_staff"] is False
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert client.get("/api/auth/me/").json()["username"] == "carl"


def test_the_first_account_is_the_administrator() -> None:
    answer = APIClient().post("/api/auth/signup/", {"username": "carl", "password": PASSWORD})
    assert answer.json()["user"]["is_staff"] is True


def test_a_closed_installation_admits_the_first_account_only(settings: Any) -> None:
    closed(settings)
    assert APIClient().post("/api/auth/signup/", {"username": "carl", "password": PASSWORD}).status_code == 201
    answer = APIClient().post("/api/auth/signup/", {"username": "dora", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (403, "signup_closed")
    assert Client().get("/signup/").status_code == 403
    assert Client().post("/signup/", {"username": "dora", "password": PASSWORD}).status_code == 403
    assert User.objects.count() == 1


def test_the_page_opens_an_account_and_signs_in() -> None:
    client = Client()
    assert client.get("/signup/").status_code == 200
    wrong = client.post("/signup/", {"username": "carl", "password": "short"})
    assert wrong.status_code == 400
    assert "too short" in wrong.content.decode()
    assert "carl" in wrong.content.decode()
    assert client.post("/signup/", {"username": "carl", "password": PASSWORD}).headers["Location"] == "/start/"
    assert client.get("/api/auth/me/").json()["username"] == "carl"


def test_the_page_needs_the_csrf_token() -> None:
    answer = Client(enforce_csrf_checks=True).post("/signup/", {"username": "carl", "password": PASSWORD})
    assert answer.status_code == 403
    assert not User.objects.exists()
