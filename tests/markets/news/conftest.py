"""A user with Alpaca keys, and the fake Alpaca they open."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from django.conf import settings

from accounts import credentials
from accounts.models import User
from tests.fakes.alpaca import FakeNews
from tests.fakes.alpaca.news import KEY, SECRET

FIELD_KEY = base64.urlsafe_b64encode(b"k" * 32).decode()


@pytest.fixture
def newsroom(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeNews]:
    """The fake, set up as where the instance's Alpaca is."""
    with FakeNews([]) as news:
        monkeypatch.setattr(
            settings, "CONFIG", replace(settings.CONFIG, field_keys=(FIELD_KEY,), alpaca_data_url=news.url)
        )
        yield news


@pytest.fixture
def subscribe(newsroom: FakeNews) -> Callable[[User, datetime], None]:
    """Give a user keys that the fake accepts."""

    def give(user: User, at: datetime) -> None:
        credentials.store(user=user, kind="alpaca_key", secret=KEY, now=at)
        credentials.store(user=user, kind="alpaca_secret", secret=SECRET, now=at)

    return give
