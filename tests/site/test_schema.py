"""The OpenAPI schema is complete, and no request it allows breaks a door."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup

from accounts.jwt import new_pair
from accounts.models import User
from tests.site.routes import world_of

EXAMPLES = 8


def test_the_schema_is_complete() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


@pytest.fixture
def headers(ann: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    world_of(ann)
    User.objects.filter(pk=ann.pk).update(is_superuser=True)
    unlimited = {"user": None, "anon": None}
    for name in ("UserRate", "StrangerRate"):
        monkeypatch.setattr(f"common.throttling.{name}.THROTTLE_RATES", unlimited)
    signals = (request_started, request_finished)
    for signal in signals:  # as Django's own test client does: the test's transaction must outlive each request
        signal.disconnect(close_old_connections)
    yield {"Authorization": f"Bearer {new_pair(ann).access}"}
    for signal in signals:
        signal.connect(close_old_connections)


def test_no_request_of_the_schema_breaks_a_door(headers: dict[str, str]) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application(), headers=headers)
    broken = []
    for operation in schema.get_all_operations():
        try:
            try_out(operation.ok(), headers)
        except FailureGroup as failures:  # go on: report every broken door, not the first
            broken.append("\n".join(f"{failure}\n{failure.__notes__}" for failure in failures.exceptions)[:3000])
    assert not broken, "\n\n".join(broken)


def try_out(operation: Any, headers: dict[str, str]) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        derandomize=True,
    )
    def run(case: Any) -> None:
        before = transaction.savepoint()
        try:
            case.call_and_validate(headers=headers, checks=[not_a_server_error])
        finally:
            transaction.savepoint_rollback(before)

    run()
