"""When a rule was watched in shadow, and what is missing."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.probation import Edit, Session, clipped, lacks, watched

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    return START + hours * HOUR


def made(hours: float = 0, **fields: str) -> Edit:
    return Edit(at=at(hours), changes={"created": [None, {"mode": "monitor", **fields}]})


def edit(hours: float, **changes: list) -> Edit:
    return Edit(at=at(hours), changes=changes)


def spans(*edits: Edit, until: float = 10):
    seen = watched(edits, made_at=START, until=at(until))
    return (seen.since - START) / HOUR, [((a - START) / HOUR, (b - START) / HOUR) for a, b in seen.spans]


def test_from_its_making_until_now() -> None:
    assert spans(made()) == (0, [(0, 10)])


def test_a_pause_is_not_watching() -> None:
    paused, resumed = edit(2, status=["active", "paused"]), edit(5, status=["paused", "active"])
    assert spans(made(), paused, resumed) == (0, [(0, 2), (5, 10)])
    assert spans(made(), paused) == (0, [(0, 2)])
    assert spans(made(status="paused"), resumed) == (0, [(5, 10)])


def test_another_trigger_begins_anew_and_another_name_does_not() -> None:
    assert spans(made(), edit(3, trigger_params=[{}, {"threshold": "80"}])) == (3, [(3, 10)])
    assert spans(made(), edit(3, name=["", "x"]), edit(4, max_executions=[1, 5])) == (0, [(0, 10)])


def test_automatic_is_no_shadow_and_coming_back_begins_anew() -> None:
    assert spans(made(mode="auto")) == (0, [])
    assert spans(made(mode="auto"), edit(4, mode=["auto", "monitor"])) == (4, [(4, 10)])
    assert spans(made(), edit(4, mode=["monitor", "notify"])) == (0, [(0, 10)])
    assert spans(made(), edit(4, mode=["monitor", "auto"])) == (0, [(0, 4)])


def test_an_ended_rule_was_watched_until_it_ended() -> None:
    assert spans(made(), until=0) == (0, [])


def sessions(*hours: tuple[float, float]) -> list[Session]:
    return [Session(opens_at=at(a), closes_at=at(b)) for a, b in hours]


def test_days_are_sessions_watched_at_least_in_part() -> None:
    day = sessions((0, 6), (24, 30), (48, 54))
    assert clipped([(at(1), at(25))], day) == (2, [(at(1), at(6)), (at(24), at(25))])
    assert clipped([(at(7), at(20))], day) == (0, [])
    assert clipped([(at(1), at(2)), (at(3), at(4)), (at(50), at(99))], day) == (
        2,
        [(at(1), at(2)), (at(3), at(4)), (at(50), at(54))],
    )


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=8))
def test_the_parts_lie_in_both_and_never_overlap(steps) -> None:
    watching, moment = [], 0
    for wait, length in steps:
        watching.append((at(moment + wait), at(moment + wait + length)))
        moment += wait + length
    day = sessions(*((24 * n, 24 * n + 6.5) for n in range(40)))
    days, parts = clipped(watching, day)
    whole = sum(
        (max(timedelta(0), min(end, s.closes_at) - max(start, s.opens_at)) for start, end in watching for s in day),
        timedelta(0),
    )
    assert sum((end - start for start, end in parts), timedelta(0)) == whole
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(parts))
    assert days <= len(parts)


def codes(**changes) -> list[str]:
    good = {"trades": 3, "days": 5, "result": Decimal("0.00"), "gaps": 0}
    return [lack.code for lack in lacks(**{**good, **changes})]


def test_just_enough_is_enough() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"trades": 2}, "FEW_TRADES"),
        ({"days": 4}, "FEW_DAYS"),
        ({"result": Decimal("-0.01")}, "NEGATIVE_RESULT"),
        ({"result": None}, "RESULT_UNKNOWN"),
        ({"gaps": 1}, "DATA_GAPS"),
    ],
)
def test_each_lack_alone(changes, code) -> None:
    assert codes(**changes) == [code]


def test_a_rule_that_may_fire_once_is_told_so() -> None:
    (lack,) = lacks(trades=1, days=9, result=Decimal(1), gaps=0, fires_at_most=1)
    assert "may fire 1 time at most" in lack.message
