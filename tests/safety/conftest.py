from __future__ import annotations

import pytest

from accounts.models import User
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from tests.safety.making import NOW, D

PASSWORD = "correct horse battery"


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann", password=PASSWORD)


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password="staple staple staple")


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="root root root")


@pytest.fixture
def portfolio(ann: User) -> Portfolio:
    """$100,000 in cash."""
    return open_portfolio(user=ann, name="Main", cash=D(100_000), now=NOW, primary=True)
