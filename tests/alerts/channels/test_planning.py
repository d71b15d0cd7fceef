from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels.planning import Limits, Waiting, boundary, decide

NOW = datetime(2026, 11, 20, 15, 3, tzinfo=UTC)
LATER = NOW + timedelta(hours=5)
LIMITS = Limits()
M = UUID(int=1)


def row(id: int, **more: object) -> Waiting:
    return Waiting(id=id, created_at=NOW, **more)  # type: ignore[arg-type]


def test_one_after_the_other() -> None:
    assert decide([row(2), row(1)], limits=LIMITS, recent=0, now=NOW).send == (1,)


def test_more_than_the_limit_wait_for_one_digest() -> None:
    decision = decide([row(n) for n in range(4)], limits=LIMITS, recent=7, now=NOW)
    assert (decision.send, decision.hold, decision.hold_reason) == ((), (0, 1, 2, 3), "flood")
    assert decision.hold_until == datetime(2026, 11, 20, 15, 10, tzinfo=UTC)
    assert decide([row(n) for n in range(3)], limits=LIMITS, recent=7, now=NOW).send == (0,)


def test_what_was_collected_goes_in_one_message() -> None:
    assert decide([row(n, digest=True) for n in range(30)], limits=LIMITS, recent=99, now=NOW).send == (*range(30),)


def test_quiet_hours_hold_all_but_the_critical() -> None:
    quiet = Limits(quiet_until=LATER)
    rows = [row(1), row(2, critical=True), row(3, digest=True)]
    assert decide(rows, limits=quiet, recent=0, now=NOW).send == (2,)
    calm = decide([rows[0], rows[2]], limits=quiet, recent=0, now=NOW)
    assert (calm.send, calm.hold, calm.hold_until, calm.hold_reason) == ((), (1, 3), LATER, "quiet_hours")


def test_the_critical_pass_flood_control_and_share_a_message_when_they_are_a_flood() -> None:
    assert decide([row(1), row(2, critical=True)], limits=LIMITS, recent=99, now=NOW).send == (2,)
    storm = [row(n, critical=True) for n in range(11)]
    assert decide(storm, limits=LIMITS, recent=99, now=NOW).send == (*range(11),)


def test_a_test_goes_out_alone_whatever_is_on() -> None:
    off = Limits(enabled=False, quiet_until=LATER)
    assert decide([row(1, urgent=True), row(2)], limits=off, recent=99, now=NOW).send == (1,)


def test_a_failed_message_is_tried_again_as_it_was() -> None:
    rows = [row(1, digest=True, retry=M), row(2, digest=True, retry=M), row(3, digest=True)]
    assert decide(rows, limits=LIMITS, recent=0, now=NOW).send == (1, 2)


def test_what_nobody_needs_any_more_is_dropped_with_the_reason() -> None:
    old = Waiting(id=2, created_at=NOW - timedelta(days=3))
    decision = decide([row(1, acknowledged=True, critical=True), old, row(3)], limits=LIMITS, recent=0, now=NOW)
    assert decision.drop == ((1, "acknowledged"), (2, "too_old"))
    assert decision.send == (3,)
    assert decide([row(1)], limits=Limits(enabled=False), recent=0, now=NOW).drop == ((1, "channel_off"),)


def test_boundaries_are_ahead_and_shared() -> None:
    assert boundary(NOW, 60) == boundary(NOW + timedelta(minutes=56), 60) == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert boundary(datetime(2026, 11, 20, 16, 0, tzinfo=UTC), 60) == datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


waiting = st.builds(
    Waiting,
    id=st.integers(1, 10_000),
    created_at=st.sampled_from([NOW, NOW - timedelta(days=3)]),
    critical=st.booleans(),
    acknowledged=st.booleans(),
    digest=st.booleans(),
    urgent=st.booleans(),
    repeat=st.booleans(),
    retry=st.sampled_from([None, M]),
)
limits = st.builds(
    Limits,
    enabled=st.booleans(),
    quiet_until=st.sampled_from([None, LATER]),
    flood_count=st.integers(1, 5),
    flood_minutes=st.integers(1, 60),
)


@settings(max_examples=500)
@given(st.lists(waiting, min_size=1, max_size=12, unique_by=lambda row: row.id), limits, st.integers(0, 9))
def test_every_decision_moves_on_and_breaks_no_wish(rows: list[Waiting], wishes: Limits, recent: int) -> None:
    decision = decide(rows, limits=wishes, recent=recent, now=NOW)
    of = {row.id: row for row in rows}
    dropped = {row_id for row_id, _ in decision.drop}
    assert decision.send or decision.hold or dropped == of.keys()  # never the same question again
    assert not (set(decision.send) & set(decision.hold)) and not (dropped & {*decision.send, *decision.hold})
    if decision.hold:
        assert decision.hold_until is not None and decision.hold_until > NOW
        assert not any(of[row_id].passes_quiet for row_id in decision.hold)
    if wishes.quiet_until or not wishes.enabled:
        assert all(of[row_id].passes_quiet for row_id in decision.send)
    assert len({of[row_id].retry for row_id in decision.send}) <= 1 or not any(r.retry for r in rows)
