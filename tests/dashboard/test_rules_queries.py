"""The list of rules asks the database as often for ten rules as for two, however it is ordered or searched."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.dashboard.making import rule
from tests.orders.making import Desk

PATHS = ("/actions/?sort=nearest", "/actions/?sort=fired&status=all", "/actions/?q=rule&trigger_type=price_below")


@pytest.mark.parametrize("path", PATHS)
def test_queries_do_not_grow_with_rules(site: Client, desk: Desk, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert len(site.get(path).context["rows"].object_list) == made
        return len(captured)

    for number in range(2):
        rule(desk, name=f"rule {number}")
    made = 2
    site.get(path)  # caches
    few = queries()
    for number in range(8):
        rule(desk, name=f"rule {number}")
    made = 10
    assert queries() == few
