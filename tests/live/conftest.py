from __future__ import annotations

import pytest

from accounts.models import User


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password="a long enough pass-phrase 1")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password="a long enough pass-phrase 2")
