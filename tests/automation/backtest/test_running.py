"""Backtests as rows: asked for, carried out once, cancelled, taken up after a worker died, kept; what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from automation.backtest import comparing, running
from automation.backtest.models import TRANSITIONS, BacktestRun, BacktestState
from automation.backtest.subjects import goal_of, strategy_of, unsaved_strategy
from automation.strategies.lifecycle import create_strategy
from automation.tasks import run_backtest
from common.clock import now as clock_now
from common.errors import Conflict, InvalidInput, NotFound
from markets.bars import replace_bars
from markets.models import Instrument
from markets.types import BarRow
from portfolios.models import PortfolioGoal
from tests.automation.backtest.making import walk
from tests.orders.making import NOW, Desk, forget_messages, messages

pytestmark = pytest.mark.django_db
D = Decimal
FIRST = date(2026, 1, 5)
SIZE = 260
CROSS = {"strategy_type": "ma_cross", "params": {"short": 5, "long": 20}, "symbols": ["AAPL", "MSFT"],
         "sizing": {"kind": "fixed_fraction", "fraction": "10"}}  # fmt: skip
ASKED = {"from": "2026-02-02", "to": "2026-09-20"}
GRID = [{"parameter": "short", "values": ["3", "5"]}, {"parameter": "long", "values": ["15", "20", "30"]}]


def store(*symbols: str, size: int = SIZE) -> None:
    """A random walk of each symbol, a bar a day."""
    rows = []
    for seed, symbol in enumerate(symbols):
        bars = walk(symbol, size, seed + 20)
        for n in range(size):
            at = datetime.combine(FIRST + timedelta(days=n), datetime.min.time(), UTC)
            prices = {name: D(repr(float(getattr(bars, name)[n]))) for name in ("open", "high", "low", "close")}
            rows.append(BarRow(symbol=symbol, timeframe="1d", at=at, volume=D(1000), source="test", **prices))
    replace_bars(rows)


@pytest.fixture
def bars(desk: Desk) -> None:
    store("AAPL", "MSFT", "NVDA")


def subject(desk: Desk, **changes: Any) -> Any:
    return unsaved_strategy(desk.user, {**CROSS, **changes})


def ask(desk: Desk, what: Any = None, **data: Any) -> BacktestRun:
    return running.ask(user=desk.user, subject=what or subject(desk), data={**ASKED, **data}, now=NOW)


def done(run: BacktestRun) -> BacktestRun:
    running.carry_out(run.pk, now=clock_now())
    run.refresh_from_db()
    return run


def a_goal(desk: Desk, **fields: Any) -> PortfolioGoal:
    weights = {"AAPL": "0.5", "MSFT": "0.3", "NVDA": "0.2"}
    values = {"name": "Core", "target_weights": weights, "drift_threshold": D("0.03"), **fields}
    return PortfolioGoal.objects.create(portfolio=desk.portfolio, created_at=NOW, updated_at=NOW, **values)


def test_a_backtest_is_queued_and_carried_out_once(
    desk: Desk, bars: None, django_capture_on_commit_callbacks: Any
) -> None:
    forget_messages("jobs")
    with django_capture_on_commit_callbacks(execute=True):
        run = ask(desk, benchmark="NVDA")
    assert messages("jobs") == [("automation.run_backtest", {"run_id": str(run.pk)})]
    assert (run.state, run.cash, run.spec["params"]["short"]) == ("queued", D(100_000), 5)
    run_backtest(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.done_steps, run.error) == ("done", run.total_steps, "")
    result = run.result
    summary = result["summary"]
    assert summary["bars"] == 2 * 231
    assert summary["trades"] == len(result["trades"]) > 4
    assert D(summary["net_result"]) == D(str(result["curve"][-1]["equity"])) - 100_000
    assert result["benchmark"]["symbol"] == "NVDA"
    assert result["look_ahead"]["differences"] == 0
    assert {"equity", "hold", "benchmark", "invested"} < result["curve"][0].keys()
    assert any("Survivorship" in text for text in result["warnings"])
    assert any("prices, made up" in text for text in result["warnings"])  # the desk's symbols are the demo market's
    assert summary["cagr_percent"] is None
    assert "not annualised" in summary["unknown"]["cagr_percent"]
    assert not running.carry_out(run.pk, now=clock_now())


def test_a_stored_strategy_is_frozen_as_it_was(desk: Desk, bars: None) -> None:
    row = create_strategy(user=desk.user, data=CROSS, now=NOW, actor="ada")
    run = ask(desk, strategy_of(desk.user, row.pk))
    row.params = {**row.params, "short": 7}
    row.save()
    assert done(run).spec["params"]["short"] == 5
    assert run.subject == row.pk
    row.delete()
    assert running.run_of(desk.user, run.pk).state == "done"


def test_a_goal_is_tested_with_its_real_planner(desk: Desk, bars: None) -> None:
    run = done(ask(desk, goal_of(desk.user, a_goal(desk).pk)))
    assert (run.kind, run.state, run.error) == ("goal", "done", "")
    assert run.result["goal"]["rebalanced"] > 1
    held = {one["symbol"] for one in run.result["positions"]}
    assert held == {"AAPL", "MSFT", "NVDA"}
    never = done(ask(desk, goal_of(desk.user, a_goal(desk, name="Wide", drift_threshold=D("0.9")).pk)))
    assert never.result["goal"]["rebalanced"] == 1
    rare = done(ask(desk, goal_of(desk.user, a_goal(desk, name="Rare", cooldown_days=60).pk)))
    assert 1 < rare.result["goal"]["rebalanced"] < run.result["goal"]["rebalanced"]


def test_the_limits_in_force_apply_and_can_be_changed_for_the_test(desk: Desk, bars: None) -> None:
    own = done(ask(desk))
    assert own.result["denials"]["denied"] == 0
    strict = done(ask(desk, limits={"max_position_pct": "5"}))
    assert set(strict.result["denials"]["codes"]) == {"MAX_POSITION"}
    assert strict.result["summary"]["trades"] == 0
    assert strict.result["denials"]["first"][0]["code"] == "MAX_POSITION"
    assert any("changed safety limits (max_position_pct 5)" in text for text in strict.result["warnings"])


def test_costs_default_to_the_paper_accounts_and_stay_as_they_were(desk: Desk, bars: None) -> None:
    free, dear = done(ask(desk)), done(ask(desk, slippage_bps="20", fee_per_order="2"))
    assert free.params["slippage_bps"] == "0"
    assert free.result["summary"]["costs"] == "0"
    assert D(dear.result["summary"]["fees"]) == 2 * dear.result["summary"]["trades"]
    assert D(dear.result["summary"]["costs"]) > D(dear.result["summary"]["fees"])
    assert D(dear.result["summary"]["net_result"]) < D(free.result["summary"]["net_result"])


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"from": "2026-09-01", "to": "2026-02-01"}, "to"),
        ({"cash": "0"}, "cash"),
        ({"cash": "-5"}, "cash"),
        ({"timeframe": "3d"}, "timeframe"),
        ({"approvals": "maybe"}, "approvals"),
        ({"limits": {"max_positon_pct": "5"}}, "limits.max_positon_pct"),
        ({"limits": 5}, "limits"),
        ({"benchmark": "NONE"}, "benchmark"),
        ({"cahs": "5"}, "cahs"),
        ({"grid": []}, "grid"),
        ({"grid": [*GRID, {"parameter": "kind", "values": ["sma"]}]}, "grid"),
        ({"grid": [GRID[0], GRID[0]]}, "grid"),
        ({"grid": {"parameter": "shirt", "values": ["5"]}}, "grid.parameter"),
        ({"grid": {"parameter": "short", "values": ["500"]}}, "grid.short"),
        ({"grid": {"parameter": "long", "from": "20", "to": "400", "step": "1"}}, "grid.step"),
        ({"split": 99}, "split"),
    ],
)
def test_bad_questions_are_named(desk: Desk, bars: None, data: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(desk, **data)
    assert field in caught.value.errors


def test_bad_subjects_are_named(desk: Desk, other: Desk, bars: None) -> None:
    for changes, field in (
        ({"symbols": ["NONE"]}, "strategy.symbols"),
        ({"params": {"short": 30, "long": 20}}, "strategy.params.short"),
        ({"strategy_type": "astrology"}, "strategy.strategy_type"),
    ):
        with pytest.raises(InvalidInput) as caught:
            subject(desk, **changes)
        assert field in caught.value.errors
    with pytest.raises(InvalidInput):
        unsaved_strategy(desk.user, None)
    with pytest.raises(NotFound):
        goal_of(other.user, a_goal(desk).pk)
    with pytest.raises(NotFound):
        strategy_of(desk.user, uuid4())
    with pytest.raises(InvalidInput, match="cash only"):
        goal_of(desk.user, a_goal(desk, name="Cash", target_weights={"CASH": "1"}).pk)
    with pytest.raises(InvalidInput, match="timeframe"):
        ask(desk, goal_of(desk.user, a_goal(desk, name="Daily").pk), timeframe="1m")


def test_a_period_without_bars_fails_with_the_way_out(desk: Desk, bars: None) -> None:
    run = done(ask(desk, **{"from": "2020-01-01", "to": "2020-03-01"}))
    assert run.state == "failed"
    assert "no daily bars of AAPL, MSFT" in run.error
    assert "import bars" in run.error


def test_a_grid_chooses_in_sample_and_tells_what_came_after(desk: Desk, bars: None) -> None:
    run = ask(desk, grid=GRID)
    assert run.total_steps == 6
    grid = done(run).result["grid"]
    assert run.done_steps == 6
    assert [row["values"] for row in grid["rows"]][:2] == [{"short": "3", "long": "15"}, {"short": "3", "long": "20"}]
    best = max(grid["rows"], key=lambda row: float(row["in_sample_percent"]))
    assert grid["best"]["values"] == best["values"]
    assert grid["best"]["out_of_sample_percent"] == best["out_of_sample_percent"]
    assert len(grid["walk_forward"]["steps"]) == 4
    assert "in-sample" in grid["caution"]
    alone = done(ask(desk, subject(desk, params={"short": 3, "long": 20})))
    assert alone.result["summary"]["net_result"] == grid["rows"][1]["net_result"]
    sized = done(ask(desk, grid={"parameter": "sizing.fraction", "values": ["2", "8"]}))
    assert [row["values"]["sizing.fraction"] for row in sized.result["grid"]["rows"]] == ["2", "8"]
    bands = done(ask(desk, goal_of(desk.user, a_goal(desk).pk), grid={"parameter": "drift_threshold",
                                                                      "values": ["0.01", "0.2"]}))  # fmt: skip
    counted = [row["trades"] for row in bands.result["grid"]["rows"]]
    assert counted[0] > counted[1]


def test_a_run_whose_worker_died_is_taken_up_without_doubling(desk: Desk, bars: None) -> None:
    run = ask(desk, grid=GRID)
    at = clock_now()
    first = running.claim(run.pk, now=at)
    assert first is not None
    rows = [{"values": {}, "in_sample_percent": "1", "out_of_sample_percent": "1", "parts": [0.0] * 5, "kept": "yes"}]
    assert running.LEASES.report(first, 1, {"grid": {"rows": rows}})
    assert running.claim(run.pk, now=at + timedelta(seconds=29)) is None  # its lease still runs
    later = first.lease_until + timedelta(seconds=1)
    assert running.carry_out(run.pk, now=later)
    run.refresh_from_db()
    assert (run.state, run.lost, len(run.result["grid"]["rows"])) == ("done", 1, 6)
    assert run.result["grid"]["rows"][0]["kept"] == "yes"
    # The first worker comes back: nothing is its own any more.
    assert not running.LEASES.report(first, 1, {})
    assert not running.LEASES.finish(first, "failed", error="late")


def test_a_run_over_which_workers_die_is_given_up(desk: Desk, bars: None) -> None:
    run = ask(desk)
    at = clock_now()
    for turn in range(running.MOST_LOST):
        assert running.claim(run.pk, now=at + timedelta(minutes=turn)) is not None
    running.carry_out(run.pk, now=at + timedelta(minutes=9))
    run.refresh_from_db()
    assert (run.state, run.lost) == ("failed", 3)
    assert "3 workers died" in run.error


def test_a_long_run_tells_how_far_it_is_and_stops_when_cancelled(desk: Desk, bars: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "BEAT_SECONDS", 0.0)
    run = ask(desk)
    seen: list[int] = []

    def look(share: float) -> None:
        seen.append(BacktestRun.objects.get(pk=run.pk).done_steps)
        if share > 0.5:
            running.discard(user=desk.user, run_id=run.pk, now=NOW)

    beat = running.Pulse.beat
    monkeypatch.setattr(running.Pulse, "beat", lambda self, share: (look(share), beat(self, share)))
    assert running.carry_out(run.pk, now=clock_now())
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert run.result == {}
    assert seen == sorted(seen)
    assert seen[-1] > 10


def test_the_sweeper_wakes_a_worker_for_what_was_left_behind(
    desk: Desk, bars: None, django_capture_on_commit_callbacks: Any
) -> None:
    run = ask(desk)
    forget_messages("jobs")
    assert running.nudge_left_behind(NOW + timedelta(seconds=1)) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert running.nudge_left_behind(NOW + timedelta(seconds=6)) == 1
    assert messages("jobs") == [("automation.run_backtest", {"run_id": str(run.pk)})]


def test_runs_are_bounded_and_belong_to_their_owner(desk: Desk, other: Desk, bars: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "KEPT", 2)
    ended = [done(ask(desk)) for _ in range(3)]
    assert BacktestRun.objects.filter(user=desk.user).count() == 2
    with pytest.raises(NotFound):
        running.run_of(other.user, ended[-1].pk)
    with pytest.raises(NotFound):
        running.discard(user=other.user, run_id=ended[-1].pk, now=NOW)
    with pytest.raises(NotFound):
        comparing.compare(other.user, [run.pk for run in ended[-2:]])
    running.discard(user=desk.user, run_id=ended[-1].pk, now=NOW)
    for _ in range(running.MOST_OPEN):
        ask(desk)
    with pytest.raises(Conflict, match="under way"):
        ask(desk)


def test_runs_side_by_side(desk: Desk, bars: None) -> None:
    one = done(ask(desk))
    two = done(ask(desk, subject(desk, params={"short": 3, "long": 20}), cash="50000"))
    grid = done(ask(desk, grid=GRID))
    found = comparing.compare(desk.user, [two.pk, one.pk])
    assert [run["id"] for run in found["runs"]] == [str(two.pk), str(one.pk)]
    assert found["differences"] == {"params.short": [3, 5], "asked.cash": ["50000", "100000"]}
    assert found["runs"][0]["curve"][0]["value"] == pytest.approx(100, abs=5)
    assert "cash" in found["warnings"][0]
    for ids in ([one.pk], [one.pk, grid.pk]):
        with pytest.raises(InvalidInput):
            comparing.compare(desk.user, ids)


def test_every_state_says_what_may_follow() -> None:
    assert set(TRANSITIONS) == set(BacktestState.values)


def test_simulated_and_labelled_data_is_named(desk: Desk, bars: None) -> None:
    Instrument.objects.filter(pk__in=["AAPL", "MSFT"]).update(demo=False, data_label="Delayed by 15 minutes")
    warnings = done(ask(desk)).result["warnings"]
    assert any("AAPL, MSFT: Delayed by 15 minutes" in text for text in warnings)
    assert any("less than a year" in text for text in warnings)
