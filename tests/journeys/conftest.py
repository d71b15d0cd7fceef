"""One installation for all journeys; every journey ends with the proof that the books are in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command

from common.clock import now
from tests.journeys import proof
from tests.journeys.market import Listing, open_exchange
from tests.journeys.people import Person
from tests.journeys.stack import Stack


@pytest.fixture(scope="package")
def transactional_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database for the whole package. It replaces pytest-django's fixture of this name, which empties the tables
    after each test: other processes use them all the time here. Each journey brings people and symbols of its own."""
    with django_db_blocker.unblock():
        open_exchange()
        yield
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=False)


@pytest.fixture(scope="package")
def installation(transactional_db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The processes, started once."""
    folder = tmp_path_factory.mktemp("journeys")
    stack = Stack(folder)
    try:
        with stack.reached_from_here():
            stack.make_whole()
            yield stack
            proof.everything_in_order()  # still: nothing was done a second time while other journeys went on
    finally:
        stack.close()


@pytest.fixture
def stack(installation: Stack) -> Iterator[Stack]:
    """Everything runs when a journey begins, and everything is in order when it ends."""
    installation.make_whole()
    began = now()
    yield installation
    installation.make_whole()
    proof.everything_in_order(since=began)


@pytest.fixture
def listing(stack: Stack) -> Listing:
    """A symbol at $100."""
    return Listing()


@pytest.fixture
def ann(stack: Stack) -> Person:
    return Person("ann")


@pytest.fixture
def bob(stack: Stack) -> Person:
    return Person("bob")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A failed journey shows what its processes logged."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("installation") or getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(stack, Stack):
        report.sections.append(("firings", proof.last_words()))
        report.sections.append(("processes", stack.tails()))
    return report
