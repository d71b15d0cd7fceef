"""The history of rules stays bounded, by age and by rows, and what is pruned is always the oldest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from automation import trace_pruning, tracing
from automation.models import Trace
from automation.trace_kinds import Kind
from tests.automation.making import telling
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def write(action, count, *, at=NOW):
    tracing.write(
        [
            tracing.Entry(action_id=action.id, kind=Kind.EDITED, at=at, epoch=1, line=f"entry {number}")
            for number in range(count)
        ]
    )


def left(action) -> list[str]:
    return list(Trace.objects.filter(action=action).order_by("id").values_list("line", flat=True))


def test_no_rule_keeps_more_than_its_rows_and_the_oldest_go_first(desk):
    noisy, quiet = telling(desk), telling(desk)
    Trace.objects.all().delete()
    write(noisy, 25)
    write(quiet, 10)
    assert trace_pruning.prune(now=NOW, days=30, rows=10) == 15
    assert left(noisy) == [f"Entry {number}" for number in range(15, 25)]
    assert len(left(quiet)) == 10
    assert trace_pruning.prune(now=NOW, days=30, rows=10) == 0


def test_what_is_too_old_goes_but_not_what_was_counted_lately(desk):
    action = telling(desk)
    Trace.objects.all().delete()
    write(action, 3, at=NOW - 31 * DAY)
    write(action, 2, at=NOW - 29 * DAY)
    Trace.objects.filter(line="Entry 2").update(last_at=NOW - DAY)
    assert trace_pruning.prune(now=NOW, days=30, rows=500) == 2
    assert left(action) == ["Entry 2", "Entry 0", "Entry 1"]


def test_a_pass_is_bounded_and_the_next_one_goes_on(desk, monkeypatch):
    monkeypatch.setattr(trace_pruning, "BATCH", 5)
    monkeypatch.setattr(trace_pruning, "MOST_BATCHES", 2)
    action = telling(desk)
    Trace.objects.all().delete()
    write(action, 40)
    passes = [trace_pruning.prune(now=NOW, days=30, rows=10) for _ in range(4)]
    assert passes == [10, 10, 10, 0]
    assert left(action) == [f"Entry {number}" for number in range(30, 40)]


def test_the_sweeper_prunes_by_the_settings(desk, settings):
    from puffling_site.wiring import SWEEP

    step = next(step for step in SWEEP if step.name == "old history of rules")
    action = telling(desk)
    write(action, settings.CONFIG.trace_rows + 20)
    write(action, 1, at=NOW - timedelta(days=settings.CONFIG.trace_days + 1))
    step.run(NOW)
    assert Trace.objects.filter(action=action).count() == settings.CONFIG.trace_rows
    assert not Trace.objects.filter(at__lt=NOW - timedelta(days=settings.CONFIG.trace_days)).exists()
