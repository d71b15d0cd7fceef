"""Every stored evaluation, made again from its row alone, comes to the decision that is stored."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation import clockwork, sweeping, tracing
from automation.evaluating import evaluate_quotes
from automation.models import Trace
from automation.trace_decisions import decision_of, decode, encode, replay
from automation.trace_kinds import Kind
from safety.models import SafetyPolicy
from tests.automation.making import D, S, carry_out, fresh, rule, see, telling
from tests.orders.making import NOW, quote
from tests.watches.test_engine_agrees import operations, rules
from tests.watches.twins import World, make_people_and_symbols
from watches.machine import WatchState
from watches.specs import Base, Follow, SeriesKind, SeriesSpec, WatchSpec

pytestmark = pytest.mark.django_db

# Entries that were decided by nobody: a person did it, or an order came to its end.
TOLD = {"created", "edited", "paused", "resumed", "cancelled", "expired", "by_hand", "done", "denied", "failed"} | {
    "not_done", "retry_set", "completed", "stopped", "scheduled", "held", "released",
}  # fmt: skip


def differing() -> list[str]:
    """The rows whose decision, made again, is another one. Every row must either be replayed or be told."""
    wrong = []
    for row in Trace.objects.order_by("id"):
        stored = json.loads(json.dumps(row.data))
        again = replay(stored, row.at)
        assert again == tracing.replay(row)
        if (again is None) != (row.kind in TOLD) or again != decision_of(stored):
            wrong.append(f"{row.kind} {row.line}: {row.data} -> {again}")
    return wrong


@pytest.fixture
def world_of_twins(db: None) -> None:
    make_people_and_symbols()


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    database=None,
    print_blob=True,
)
@given(first=st.lists(rules, min_size=6, max_size=10), history=st.lists(operations, min_size=8, max_size=20))
def test_any_history_replays_from_its_rows(world_of_twins: None, first: list[Any], history: list[Any]) -> None:
    with transaction.atomic():
        world = World()
        world.start(first)
        for operation in history:
            world.run(operation)
        world.run(("evaluate",))
        assert not differing()
        transaction.set_rollback(True)


# One long history on purpose meets every kind of decision the engine makes.
LONG: list[tuple[Any, ...]] = [
    ("create", ("AAA", ("price_above", {"threshold": "102", "hysteresis": "0.5"}), None, 7)),
    ("create", ("AAA", ("price_below", {"threshold": "98", "edge": "cross"}), None, 0)),
    ("create", ("AAA", ("trailing_stop", {"percent": "2", "activation_price": "101"}), 2, 1)),
    ("create", ("AAA", ("change_pct", {"change": "2", "direction": "either", "window": "since_armed"}), None, 1)),
    ("create", ("AAA", ("ma_cross", {"short": 5, "long": 20, "direction": "either", "on": "live"}), None, 0)),
    ("spread", "AAA", 1),
    ("tick", "AAA", [D(100)], True),
    ("tick", "AAA", [D(97)], True),
    ("tick", "AAA", [D(103)], True),
    ("tick", "AAA", [D(97), D("104"), D(100)], True),
    ("wait", 45),
    ("tick", "AAA", [D(103)], True),
    ("tick", "AAA", [D(98)], True),
    ("silence", "AAA", [D(103)], 200, [D(100)]),
    ("tick", "AAA", [D(103)], False),
    ("wait", 200),
    ("evaluate",),
]


def test_a_long_history_holds_every_kind_the_engine_writes(world_of_twins):
    world = World()
    for operation in LONG:
        world.run(operation)
    assert not differing()
    kinds = set(Trace.objects.values_list("kind", flat=True))
    wanted = {"armed", "reference_taken", "primed", "fired", "recovered", "cooling", "rearmed", "quote_too_old"}
    assert wanted <= kinds, wanted - kinds


def test_denials_retries_clocks_and_stale_hits_replay_too(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + S)
    quote("AAPL", "90", at=NOW + 62 * S)
    sweeping.rearm(NOW + 62 * S)
    evaluate_quotes(now=NOW + 62 * S)
    on_time = telling(desk, trigger_type="time_of_day", trigger_params={"time": "10:30"}, max_executions=None)
    due = fresh(on_time).next_evaluation_at
    clockwork.run_due(now=due + S)
    clockwork.run_due(now=fresh(on_time).next_evaluation_at + timedelta(hours=2))
    stale = telling(desk, symbol="MSFT")
    type(stale).objects.filter(id=stale.id).update(status="paused")
    see("90", symbol="MSFT", at=NOW + 70 * S)
    assert not differing()
    kinds = set(Trace.objects.values_list("kind", flat=True))
    assert {"denied", "retry_set", "clock_due", "missed", "stale"} <= kinds


def test_holds_conditions_and_groups_replay_too(desk):
    msft = [{"trigger_type": "price_above", "trigger_params": {"threshold": "420"}, "symbol": "MSFT"}]
    held = {"threshold": "90", "for_seconds": 10}
    telling(desk, trigger_params=held, max_executions=None, cooldown_seconds=5)
    telling(desk, trigger_params=held, conditions=msft, group="exit")
    telling(desk, conditions=msft, group="exit")
    trail = {"trigger_type": "trailing_stop", "max_executions": None}
    telling(desk, trigger_params={"percent": "2", "for_seconds": 10}, **trail)
    telling(desk, trigger_params={"percent": "2", "for_seconds": 10, "activation_price": "101"}, **trail)
    prices = ["100", "101", "89", "89", "91", "89", "89", "88", "92", "95", "89", *["88"] * 9, "120", "110", "100"]
    for number, price in enumerate(prices):
        at = NOW + (7 * number + 1) * S
        quote("MSFT", "430" if number > 12 else "400", at=at)
        see(price, at=at)
        sweeping.rearm(at + 3 * S)
        carry_out(now=at + 4 * S)
    assert not differing()
    kinds = set(Trace.objects.values_list("kind", flat=True))
    wanted = {"holding", "hold_broken", "condition_false", "held", "fired", "cancelled"}
    assert wanted <= kinds, wanted - kinds


def test_a_row_whose_observation_was_changed_no_longer_agrees(desk):
    rule(desk)
    see("90", at=NOW + S)
    row = Trace.objects.get(kind=Kind.FIRED)
    row.data["seen"] = {"low": "91", "high": "91", "last": "91"}
    assert replay(row.data, row.at) != decision_of(row.data)


@pytest.mark.parametrize(
    "value",
    [
        WatchSpec(series=SeriesSpec(subject="AAPL", observable="price"), direction=-1, level=D("90.5")),
        WatchSpec(
            series=SeriesSpec(
                subject="A",
                observable="x",
                kind=SeriesKind.PEAK_AMOUNT,
                base=Base.PREV_CLOSE,
                reference=None,
                short=True,
            ),
            direction=1,
            level=D(0),
            strict=True,
            primes=True,
            hysteresis=D("0.1"),
            follow=Follow(kind="trail", unit="amt", short=True, activation=D(5), absolute=True),
        ),
        WatchState(
            phase=3,
            armed_at=NOW,
            series=SeriesSpec(subject="A", observable="x", reference=D(7)),
            direction=1,
            rearm_at=NOW + S,
        ),
    ],
)
def test_what_is_kept_reads_back_as_it_was(value):
    assert decode(type(value), json.loads(json.dumps(encode(value)))) == value
