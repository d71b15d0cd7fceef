from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from accounts.models import User
from puffling_site.signup import open_account

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
PASSWORD = "a long enough pass-phrase 1"


@pytest.fixture
def ann(db: None) -> User:
    return open_account(username="ann", password=PASSWORD, now=NOW)


@pytest.fixture
def bob(db: None) -> User:
    return open_account(username="bob", password=PASSWORD, now=NOW)


@pytest.fixture
def as_ann(ann: User) -> APIClient:
    return client_of(ann)


def client_of(user: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(user)
    return client


@pytest.fixture(autouse=True)
def no_throttle_left_over() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
