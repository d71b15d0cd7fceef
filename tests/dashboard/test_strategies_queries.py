"""The number of queries of the pages of strategies, jobs and backtests does not depend on the number of rows."""

from __future__ import annotations

import pytest
from django.test import Client

from automation.strategies import running
from common.clock import now
from tests.browser.furnishing.strategies import backtested, fill_bars, job, ran, strategy
from tests.dashboard.test_queries import queries
from tests.orders.making import Desk

MOST = {"/strategies/": 30, "/backtests/": 12, "/strategies/new/": 12, "/jobs/new/": 12}


def fill(desk: Desk, count: int, first: int) -> None:
    for number in range(first, first + count):
        made = strategy(desk, name=f"S{number}")
        running.run(made, now(), cause=running.Cause.MANUAL)
        ran(desk, job(desk, name=f"J{number}"))


@pytest.mark.parametrize("path", MOST)
def test_queries_do_not_grow_with_rows(site: Client, desk: Desk, path: str) -> None:
    fill_bars()
    made = strategy(desk, name="tested")
    backtested(desk, made.pk)
    fill(desk, 2, first=0)
    site.get(path)  # caches and the user's policy row
    few = queries(site, path)
    fill(desk, 4, first=2)
    backtested(desk, made.pk)
    assert queries(site, path) == few
    assert few <= MOST[path]


def test_details_do_not_grow_with_their_runs(site: Client, desk: Desk) -> None:
    fill_bars()
    made, repeated = strategy(desk, name="one"), job(desk)
    running.run(made, now(), cause=running.Cause.MANUAL)
    ran(desk, repeated)
    paths = (f"/strategies/{made.pk}/", f"/jobs/{repeated.pk}/")
    for path in paths:
        site.get(path)
    few = [queries(site, path) for path in paths]
    ran(desk, repeated)
    backtested(desk, made.pk)
    assert [queries(site, path) for path in paths] == few
    assert max(few) <= 34
