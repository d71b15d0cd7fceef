"""Replays over stored bars: asked for, answered at once or queued, claimed once, reported, cancelled, left behind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from automation.models import ReplayRun
from automation.replay import answering, running
from automation.replay.asking import read_question
from automation.replay.loading import load_tape
from automation.tasks import run_replay
from common.clock import now as clock_now
from common.errors import Conflict, InvalidInput, NotFound
from markets.bars import replace_bars
from markets.types import BarRow
from tests.automation.making import hold, rule, telling
from tests.orders.making import NOW, Desk, forget_messages, messages

pytestmark = pytest.mark.django_db
D = Decimal
FIRST = datetime(2026, 11, 2, tzinfo=UTC)
PRICES = (100, 98, 95, 91, 89, 93, 96, 90, 88, 94)
ASKED = {"from": "2026-11-02", "to": "2026-11-11", "timeframe": "1d"}


def store(prices: tuple[Any, ...] = PRICES, *, first: datetime = FIRST, timeframe: str = "1d") -> None:
    step = timedelta(days=1) if timeframe == "1d" else timedelta(minutes=1)
    rows = [
        BarRow(symbol="AAPL", timeframe=timeframe, at=first + n * step, open=D(p), high=D(p), low=D(p), close=D(p),
               volume=D(100), source="test")
        for n, p in enumerate(prices)
    ]  # fmt: skip
    replace_bars(rows)


@pytest.fixture
def bars(desk: Desk) -> None:
    store()


def ask(desk: Desk, action: Any = None, **data: Any) -> running.Answered:
    return running.ask(user=desk.user, action=action or rule(desk), data={**ASKED, **data}, now=NOW)


def test_a_small_replay_is_answered_at_once(desk: Desk, bars: None) -> None:
    result = ask(desk).result
    assert result is not None
    assert result["summary"]["fires"] == 1
    assert result["summary"]["bars"] == 10
    assert result["firings"][0]["price"] == "89"
    assert result["summary"]["net_result"] == "50"
    assert len(result["curve"]) == 10
    assert not ReplayRun.objects.exists()


def test_it_begins_with_the_portfolio_unless_told_otherwise(desk: Desk, bars: None) -> None:
    hold(desk, quantity="5")
    own = ask(desk).result
    told = ask(desk, cash="1000", shares="0").result
    assert own is not None and told is not None
    assert own["summary"]["start_equity"] == "100500"
    assert told["summary"]["start_equity"] == "1000"


def test_dates_are_whole_days_and_times_are_exact(desk: Desk, bars: None) -> None:
    assert ask(desk, to="2026-11-04").result["summary"]["bars"] == 3  # type: ignore[index]
    until = datetime(2026, 11, 4, tzinfo=UTC).isoformat()
    assert ask(desk, to=until).result["summary"]["bars"] == 2  # type: ignore[index]


def test_minute_bars_outside_sessions_are_left_out_and_gaps_are_told(desk: Desk) -> None:
    store((100,) * 30, first=NOW, timeframe="1m")
    store((100,) * 30, first=NOW + timedelta(minutes=60), timeframe="1m")
    result = ask(
        desk, **{"from": NOW.isoformat(), "to": (NOW + timedelta(hours=3)).isoformat(), "timeframe": "1m"}
    ).result
    assert result is not None
    assert result["summary"]["missing_bars"] == 30
    assert [gap["bars"] for gap in result["gaps"]] == [30]


def test_daily_gaps_are_sessions_without_a_bar(desk: Desk) -> None:
    store(PRICES[:2])
    store(PRICES[:4], first=FIRST + timedelta(days=4))  # Friday to Monday: Wednesday and Thursday are missing
    result = ask(desk).result
    assert result is not None
    assert (result["summary"]["missing_bars"], len(result["gaps"])) == (2, 1)


def test_no_bars_is_said_with_the_way_out(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match="import bars"):
        ask(desk)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-11-12"}, "to"),
        ({"timeframe": "5m"}, "timeframe"),
        ({"cash": "-1"}, "cash"),
        ({"fro": "2026-11-01"}, "fro"),
        ({"grid": 5}, "grid"),
        ({"grid": {"parameter": "threshold", "from": "1", "to": "1000", "step": "1"}}, "grid.step"),
        ({"grid": {"parameter": "threshold", "from": "2", "to": "1", "step": "1"}}, "grid.to"),
        ({"grid": {"parameter": "threshold", "values": []}}, "grid.values"),
        ({"grid": {"parameter": "treshold", "values": ["90"]}}, "grid.parameter"),
        ({"grid": {"parameter": "threshold", "values": ["cheap"]}}, "grid.threshold"),
    ],
)
def test_bad_questions_are_named(desk: Desk, bars: None, data: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(desk, **data)
    assert field in caught.value.errors


def test_a_rule_whose_bars_are_too_coarse_says_so(desk: Desk, bars: None) -> None:
    quick = telling(desk, trigger_type="ma_cross", trigger_params={"short": 2, "long": 4, "timeframe": "5m"})
    with pytest.raises(InvalidInput, match="minute bars"):
        ask(desk, quick)


def test_a_window_that_lies_elsewhere_is_told_and_can_be_ignored(desk: Desk, bars: None) -> None:
    later = rule(desk, valid_from=(NOW + timedelta(days=30)).isoformat())
    result = ask(desk, later).result
    assert result is not None
    assert result["summary"]["fires"] == 0
    assert any("window begins" in note for note in result["notes"])
    assert ask(desk, later, ignore_dates=True).result["summary"]["fires"] == 1  # type: ignore[index]


def test_a_draft_is_replayed_without_being_made(desk: Desk, bars: None) -> None:
    draft = {"action_type": "SELL", "symbol": "AAPL", "quantity": "5", "trigger_type": "price_below",
             "trigger_params": {"threshold": "90"}}  # fmt: skip
    answered = running.ask_draft(user=desk.user, rule=draft, data={**ASKED, "shares": "5"}, now=NOW)
    assert answered.result is not None
    assert answered.result["firings"][0]["side"] == "sell"
    with pytest.raises(InvalidInput) as caught:
        running.ask_draft(user=desk.user, rule={**draft, "quantity": "-1"}, data=ASKED, now=NOW)
    assert "rule.quantity" in caught.value.errors


GRID = {"parameter": "threshold", "from": "88", "to": "96", "step": "2"}


def queued(desk: Desk) -> ReplayRun:
    run = ask(desk, grid=GRID).run
    assert run is not None
    return run


def test_a_grid_is_queued_and_carried_out_once(desk: Desk, bars: None, django_capture_on_commit_callbacks: Any) -> None:
    forget_messages("jobs")
    with django_capture_on_commit_callbacks(execute=True):
        run = queued(desk)
    assert messages("jobs") == [("automation.run_replay", {"run_id": str(run.pk)})]
    assert (run.state, run.total_steps) == ("queued", 5)
    run_replay(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.done_steps) == ("done", 5)
    grid = run.result["grid"]
    assert [row["value"] for row in grid["rows"]] == ["88", "90", "92", "94", "96"]
    assert grid["best"] == "88"
    assert "another range" in grid["caution"]
    assert not running.carry_out(run.pk, now=clock_now())


def test_a_grid_gives_what_each_replay_alone_gives(desk: Desk, bars: None) -> None:
    run = queued(desk)
    running.carry_out(run.pk, now=clock_now())
    run.refresh_from_db()
    for row in run.result["grid"]["rows"]:
        alone = ask(desk, rule(desk, trigger_params={"threshold": row["value"]})).result
        assert alone is not None
        assert {name: alone["summary"][name] for name in answering.COLUMNS} == {n: row[n] for n in answering.COLUMNS}


def test_what_has_a_lease_is_left_alone_and_what_lost_it_is_taken_up(desk: Desk, bars: None) -> None:
    run = queued(desk)
    at = clock_now()
    taken = running.claim(run.pk, now=at)
    assert taken is not None
    assert running.claim(run.pk, now=at + timedelta(seconds=29)) is None
    again = running.claim(run.pk, now=at + timedelta(seconds=31))
    assert again is not None
    # The first worker comes back: the run is no longer its own.
    assert not running.LEASES.report(taken, 1, {})
    running.LEASES.finish(taken, "failed", error="late")
    run.refresh_from_db()
    assert run.state == "running"


def test_a_run_goes_on_where_it_stopped(desk: Desk, bars: None) -> None:
    run = queued(desk)
    first = running.claim(run.pk, now=clock_now())
    assert first is not None
    rows = [{"value": "88", "net_result": "1", "kept": "yes"}]
    assert running.LEASES.report(first, 1, {"grid": {"rows": rows}})
    running.LEASES.hand_on(first)
    assert running.carry_out(run.pk, now=clock_now())
    run.refresh_from_db()
    assert (run.state, len(run.result["grid"]["rows"])) == ("done", 5)
    assert run.result["grid"]["rows"][0]["kept"] == "yes"


def test_the_sweeper_wakes_a_worker_for_what_was_left_behind(
    desk: Desk, bars: None, django_capture_on_commit_callbacks: Any
) -> None:
    run = queued(desk)
    assert running.nudge_left_behind(NOW + timedelta(seconds=1)) == 0
    forget_messages("jobs")
    with django_capture_on_commit_callbacks(execute=True):
        assert running.nudge_left_behind(NOW + timedelta(seconds=6)) == 1
    assert messages("jobs") == [("automation.run_replay", {"run_id": str(run.pk)})]
    running.claim(run.pk, now=NOW + timedelta(seconds=7))
    assert running.nudge_left_behind(NOW + timedelta(seconds=8)) == 0
    assert running.nudge_left_behind(NOW + timedelta(seconds=60)) == 1


def test_a_run_is_cancelled_and_then_forgotten(desk: Desk, other: Desk, bars: None) -> None:
    run = queued(desk)
    with pytest.raises(NotFound):
        running.discard(user=other.user, run_id=run.pk, now=NOW)
    running.discard(user=desk.user, run_id=run.pk, now=NOW)
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert not running.carry_out(run.pk, now=clock_now())
    running.discard(user=desk.user, run_id=run.pk, now=NOW)
    assert not ReplayRun.objects.exists()


def test_a_run_that_cannot_be_done_says_why(desk: Desk, bars: None) -> None:
    run = queued(desk)
    ReplayRun.objects.filter(pk=run.pk).update(params={**run.params, "from": "2025-01-01", "to": "2025-01-05"})
    running.carry_out(run.pk, now=clock_now())
    run.refresh_from_db()
    assert run.state == "failed"
    assert "no daily bars" in run.error


def test_not_too_many_at_once(desk: Desk, bars: None) -> None:
    for _ in range(running.MOST_OPEN):
        queued(desk)
    with pytest.raises(Conflict, match="under way"):
        queued(desk)


def test_sessions_before_the_calendar_are_made(desk: Desk) -> None:
    store(first=datetime(2020, 3, 2, tzinfo=UTC))
    tape = load_tape("AAPL", "1d", datetime(2020, 3, 1, tzinfo=UTC), datetime(2020, 4, 1, tzinfo=UTC))
    assert len(tape.bars) == 10
    assert tape.bars.sessions[0].date < date(2020, 3, 2)
    question = read_question(
        {"from": "2020-03-01", "to": "2020-04-01"}, portfolio=desk.portfolio, symbol="AAPL", now=NOW
    )
    assert question.end == datetime(2020, 4, 2, tzinfo=UTC)
