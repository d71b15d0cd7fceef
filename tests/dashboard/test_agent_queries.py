"""The number of queries of the agent's pages does not depend on the number of rows."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.dashboard.agents import ran, say, scored, thinks
from tests.dashboard.test_queries import queries
from tests.orders.making import Desk

MOST = {"/agent/": 24, "/agent/chat/": 10, "/agent/scorecard/": 16, "/agent/settings/": 14}


def fill(desk: Desk, count: int) -> None:
    for _ in range(count):
        scored(desk, ran(desk), 3)
        say(desk, "List my active rules")


@pytest.mark.parametrize("path", MOST)
def test_queries_do_not_grow_with_rows(site: Client, desk: Desk, path: str) -> None:
    thinks(desk)
    fill(desk, 1)
    site.get(path)
    few = queries(site, path)
    fill(desk, 3)
    assert queries(site, path) == few
    assert few <= MOST[path]


def test_a_run_and_a_conversation_do_not_grow(site: Client, desk: Desk) -> None:
    thinks(desk)
    run, message = ran(desk), say(desk, "List my active rules")
    long_run = ran(desk, calls=[("get_quotes", {"symbols": ["AAPL"]})] * 6)
    scored(desk, long_run, 5)
    conversation = f"/agent/chat/{message.conversation_id}/"
    few = queries(site, conversation)
    for _ in range(3):
        message = say(desk, "Buy 10 AAPL if it drops below 80", message)
    assert queries(site, conversation) == few
    site.get(f"/agent/runs/{run.pk}/")
    assert queries(site, f"/agent/runs/{run.pk}/") == queries(site, f"/agent/runs/{long_run.pk}/")
