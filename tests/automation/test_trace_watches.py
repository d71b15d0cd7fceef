"""Writing history waits for nobody: neither for who edits a rule, nor for another process writing the same."""

from __future__ import annotations

import pytest
from django.db import transaction

from automation import evaluating, tracing
from automation.models import Action, Trace
from automation.trace_kinds import Kind
from tests.automation.making import S, telling
from tests.automation.test_concurrency import together
from tests.orders.making import NOW, Desk, quote

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_entry_does_not_wait_for_who_edits_the_rule(desk: Desk):
    action = telling(desk, trigger_params={"threshold": "90", "edge": "cross"})
    quote("AAPL", "95", at=NOW + S)
    with transaction.atomic():
        Action.objects.select_for_update().get(id=action.id)
        together(lambda: evaluating.evaluate_quotes(now=NOW + S))
        assert Trace.objects.filter(action=action, kind=Kind.PRIMED).count() == 1


def test_counting_the_same_rows_from_both_ends_is_no_deadlock(desk: Desk):
    actions = [telling(desk) for _ in range(30)]

    def entries(rules: list[Action]) -> list[tracing.Entry]:
        return [
            tracing.Entry(action_id=action.id, kind=Kind.HELD, at=NOW, epoch=1, line="held", data={"code": "g"})
            for action in rules
        ]

    tracing.write(entries(actions))

    def write(rules: list[Action]) -> None:
        for _ in range(20):
            with transaction.atomic():
                tracing.write(entries(rules))

    together(lambda: write(actions), lambda: write(actions[::-1]))
    assert set(Trace.objects.filter(kind=Kind.HELD).values_list("count", flat=True)) == {41}
