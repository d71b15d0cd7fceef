"""Which runs the gate must not trust."""

from __future__ import annotations

from datetime import datetime

import pytest

from agent.models import AgentRun
from agent.tainting import tainted_runs
from common.ids import new_id
from orders.placing import place
from tests.orders.making import D, Desk

pytestmark = pytest.mark.django_db


def a_run(desk: Desk, at: datetime, **changes: bool) -> AgentRun:
    return AgentRun.objects.create(
        user=desk.user, portfolio=desk.portfolio, trigger="manual", mode="execute", provider="offline", created_at=at,
        **changes,
    )  # fmt: skip


def test_what_is_tainted_or_unknown_is_not_trusted(desk: Desk, at: datetime) -> None:
    clean, dirty, nobody = a_run(desk, at), a_run(desk, at, tainted=True), str(new_id())
    asked = [str(clean.pk), str(dirty.pk), nobody, "no id"]
    assert tainted_runs(asked) == {str(dirty.pk), nobody, "no id"}


def test_the_gate_asks_at_placement_and_for_every_order(desk: Desk, at: datetime) -> None:
    run = a_run(desk, at)
    orders = {"source_kind": "agent_run", "source_id": str(run.pk)}
    assert place(desk.intent(**orders), now=at).state == "queued"
    AgentRun.objects.filter(pk=run.pk).update(tainted=True)
    refused = place(desk.intent(**orders, symbol="MSFT", quantity=D(1)), now=at)
    assert (refused.state, refused.reason_code) == ("blocked", "TAINTED_CONTEXT")
    assert place(
        desk.intent(source_kind="manual", source_id=str(run.pk), symbol="MSFT", quantity=D(1)), now=at
    ).state == ("queued")
