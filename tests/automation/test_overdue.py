"""What becomes of times that have passed: at most one runs, each of the others is accounted for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.overdue import KEPT, ON_TIME, Verdict, in_words, judge
from automation.triggers.base import Occasion

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ago(*minutes: float) -> list[Occasion]:
    return [Occasion(at=NOW - n * MINUTE) for n in minutes]


def verdict(occasions, policy="skip", late=None, ends_at=None) -> Verdict:
    return judge(occasions, policy=policy, run_late_minutes=late, ends_at=ends_at, now=NOW)


def outcomes(found: Verdict) -> list[tuple[float, str]]:
    return [((NOW - passed.at) / MINUTE, passed.outcome) for passed in found.passed]


@pytest.mark.parametrize(("policy", "late"), [("skip", None), ("run_late", 60), ("ask", None)])
def test_up_to_a_minute_late_is_on_time(policy, late):
    found = verdict(ago(1), policy, late)
    assert found == Verdict(run_at=NOW - ON_TIME, passed=())


def test_skipping_skips_each():
    found = verdict(ago(30, 20, 10))
    assert found.run_at is None
    assert outcomes(found) == [(30, "skipped"), (20, "skipped"), (10, "skipped")]


def test_the_latest_runs_late_alone():
    found = verdict(ago(30, 20, 10), "run_late", 60)
    assert found.run_at == NOW - 10 * MINUTE
    assert outcomes(found) == [(30, "skipped"), (20, "skipped"), (10, "ran_late")]
    assert found.passed[-1].note == "Run 10 min late."


def test_later_than_allowed_does_not_run():
    assert verdict(ago(60), "run_late", 60).run_at == NOW - 60 * MINUTE
    found = verdict(ago(90, 61), "run_late", 60)
    assert (found.run_at, outcomes(found)) == (None, [(90, "skipped"), (61, "skipped")])
    assert found.passed[-1].note == "Skipped: found 1 h 1 min late, the rule allows 60 min."


def test_a_kept_time_is_enough():
    found = verdict(ago(5, 0.5), "run_late", 60)
    assert found.run_at == NOW - 0.5 * MINUTE
    assert outcomes(found) == [(5, "skipped")]
    assert "the next time was kept" in found.passed[0].note


def test_only_the_latest_is_asked_about():
    found = verdict(ago(90, 45), "ask")
    assert found.run_at is None
    assert outcomes(found) == [(90, "skipped"), (45, "asked")]
    assert "until 2026-11-21 15:00 UTC" in found.passed[-1].note


@pytest.mark.parametrize(("policy", "late"), [("run_late", 60), ("ask", None)])
def test_after_its_window_nothing_runs_or_asks(policy, late):
    found = verdict(ago(45, 10), policy, late, ends_at=NOW - 20 * MINUTE)
    assert (found.run_at, outcomes(found)) == (None, [(45, "skipped")])  # the one after the window was never due
    assert "window has ended" in found.passed[0].note


def test_what_the_clock_jumped_over_is_told_once_with_its_times():
    gap = [Occasion(at=NOW, skipped=f"2026-03-08 02:{n}0") for n in range(4)]
    found = verdict([*ago(5), *gap])
    assert outcomes(found) == [(5, "skipped"), (0, "skipped")]
    assert "2026-03-08 02:00 and 3 more times until 2026-03-08 02:30 did not exist" in found.passed[1].note
    at_the_jump = verdict([*gap[:1], Occasion(at=NOW)])
    assert at_the_jump.run_at == NOW
    assert outcomes(at_the_jump) == [(0, "skipped")]
    missed_too = verdict([Occasion(at=NOW - 5 * MINUTE, skipped="2026-03-08 02:00"), *ago(5)])
    assert outcomes(missed_too) == [(5, "skipped")]
    assert "as the rule says. 2026-03-08 02:00 did not exist" in missed_too.passed[0].note


def test_the_latest_rows_are_kept_and_the_others_counted():
    found = verdict(ago(*range(500, 1, -1)), "run_late", 60)
    assert len(found.passed) == KEPT
    assert "449 earlier missed times are not listed" in found.passed[0].note
    assert found.passed[-1].outcome == "ran_late"


def test_nothing_passed_is_nothing():
    assert verdict([]) == Verdict(run_at=None, passed=())


def test_spans_in_words():
    spans = [timedelta(minutes=45), timedelta(hours=3, minutes=5), timedelta(hours=2), timedelta(days=2, hours=4)]
    assert [in_words(span) for span in spans] == ["45 min", "3 h 5 min", "2 h", "2 d 4 h"]


@given(
    late=st.lists(st.integers(0, 5000), min_size=1, max_size=KEPT, unique=True),
    policy=st.sampled_from(["skip", "run_late", "ask"]),
    allowed=st.integers(1, 5000),
)
def test_every_time_is_run_or_accounted_for_and_one_runs_at_most(late, policy, allowed):
    occasions = ago(*sorted(late, reverse=True))
    found = verdict(occasions, policy, allowed if policy == "run_late" else None)
    rows = {passed.at: passed.outcome for passed in found.passed}
    assert {occasion.at for occasion in occasions} == rows.keys() | ({found.run_at} if found.run_at else set())
    ran = [at for at, outcome in rows.items() if outcome == "ran_late"]
    assert len(ran) <= 1
    if found.run_at is not None:
        assert found.run_at == occasions[-1].at
        assert (found.run_at in ran) == (NOW - found.run_at > ON_TIME)
