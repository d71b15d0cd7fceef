"""An installation of its own: the other journeys' rows belong to the real time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command

from tests.journeys.conftest import pytest_runtest_makereport
from tests.journeys.stack import Stack

__all__ = ["pytest_runtest_makereport"]


@pytest.fixture(scope="package")
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """As in tests/journeys: other processes use the tables."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=False)


@pytest.fixture
def stack(transactional_db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Valkey runs, nothing else: each test starts what it needs, when it needs it."""
    stack = Stack(tmp_path_factory.mktemp("clocks"))
    try:
        with stack.reached_from_here():
            stack.start_valkey()
            yield stack
    finally:
        stack.close()
