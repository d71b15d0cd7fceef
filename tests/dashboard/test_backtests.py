"""The pages of backtests: the form, progress, results, comparison."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from automation.backtest import running
from automation.backtest.models import BacktestRun
from common.clock import now
from dashboard.selectors.backtests import month_table
from dashboard.selectors.heat import heat_of
from portfolios.goals.changing import create_goal
from tests.browser.furnishing.strategies import backtested, fill_bars, strategy
from tests.orders.making import Desk


@pytest.fixture(autouse=True)
def bars(market: None) -> None:
    fill_bars()


def text(site: Client, path: str, status: int = 200) -> str:
    answer = site.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def typed(**changes: str) -> dict[str, str]:
    return {"start": "2025-12-01", "end": "2026-11-20", "cash": "50000", "benchmark": "NVDA", "slippage_bps": "5",
            "approvals": "approve", "split": "70", **changes}  # fmt: skip


def test_without_anything_to_test_the_form_teaches(site: Client) -> None:
    assert "Nothing to test yet" in text(site, "/backtests/new/")
    assert "Nothing tested yet" in text(site, "/backtests/")


def test_from_the_form_to_the_result(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    key = f"strategy:{made.pk}"
    assert '<option value="short">' in text(site, f"/backtests/new/?subject={key}")
    site.post(f"/backtests/new/?subject={key}", typed())
    run = BacktestRun.objects.get(user=desk.user)
    assert (run.subject, run.cash) == (made.pk, Decimal(50000))
    shown = text(site, f"/backtests/{run.pk}/")
    assert "Waits for a worker" in shown and 'hx-trigger="every 1s"' in shown
    running.carry_out(run.pk, now=now())
    shown = text(site, f"/backtests/{run.pk}/")
    for part in ("Worth of the account", "Month by month", "Before you believe it", "slippage", "NVDA", "Sharpe"):
        assert part in shown
    assert "every 1s" not in shown


def test_other_symbols_leave_the_strategy_alone(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    site.post(f"/backtests/new/?subject=strategy:{made.pk}", typed(symbols="tsla"))
    run = BacktestRun.objects.get(user=desk.user)
    assert (run.subject, run.symbols) == (None, ["TSLA"])


def test_refusals_stand_beside_their_fields(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    data = typed(benchmark="NOPE", cash="lots", grid1_parameter="short", grid1_from="5", grid1_to="3", grid1_step="1")
    answer = site.post(f"/backtests/new/?subject=strategy:{made.pk}", data)
    assert answer.status_code == 422
    assert {"benchmark", "cash", "grid1_to"} <= set(answer.context["form"].errors)
    assert not BacktestRun.objects.exists()


def test_a_grid_shows_both_parts_and_the_best(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    grid = [{"parameter": "short", "values": ["5", "10"]}, {"parameter": "long", "values": ["20", "40"]}]
    run = backtested(desk, made.pk, grid=grid)
    shown = text(site, f"/backtests/{run.pk}/")
    for part in ("What it did afterwards", "Last 30 %", "by both values", "best at first", "Walking forward"):
        assert part in shown


def test_a_goal_is_tested_too(site: Client, desk: Desk) -> None:
    goal = create_goal(
        user=desk.user, data={"name": "Half", "target_weights": {"AAPL": "0.5", "cash": "0.5"}}, now=now(), actor="ada"
    )
    site.post(f"/backtests/new/?subject=goal:{goal.pk}", typed())
    run = BacktestRun.objects.get(user=desk.user)
    running.carry_out(run.pk, now=now())
    assert "Worth of the account" in text(site, f"/backtests/{run.pk}/")


def test_two_are_compared(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    one, two = backtested(desk, made.pk), backtested(desk, made.pk, slippage_bps="50")
    shown = text(site, f"/backtests/compare/?ids={one.pk}&ids={two.pk}")
    assert "What differs" in shown and "Slippage bps" in shown
    assert "Choose two to eight" in site.get(f"/backtests/compare/?ids={one.pk}", follow=True).content.decode()
    assert site.get("/backtests/compare/?ids=x&ids=y").status_code == 302


def test_stop_and_delete(site: Client, desk: Desk) -> None:
    made = strategy(desk)
    site.post(f"/backtests/new/?subject=strategy:{made.pk}", typed())
    run = BacktestRun.objects.get(user=desk.user)
    site.post(f"/backtests/{run.pk}/discard/")
    assert "stopped before its end" in text(site, f"/backtests/{run.pk}/")
    assert site.post(f"/backtests/{run.pk}/discard/").headers["Location"] == "/backtests/"
    text(site, f"/backtests/{run.pk}/", status=404)


def test_another_users_backtest_does_not_exist(site: Client, other: Desk) -> None:
    made = strategy(other)
    run = backtested(other, made.pk)
    text(site, f"/backtests/{run.pk}/", status=404)
    text(site, f"/backtests/new/?subject=strategy:{made.pk}", status=404)
    text(site, "/backtests/new/?subject=strategy:nonsense", status=404)
    text(site, f"/backtests/compare/?ids={run.pk}&ids={made.pk}", status=404)
    assert site.post(f"/backtests/{run.pk}/discard/").status_code == 404


def test_months_chain_to_their_year() -> None:
    (row,) = month_table([{"month": "2025-11", "return_percent": "10"}, {"month": "2025-12", "return_percent": "-50"}])
    assert (row["year"], row["total"]) == ("2025", Decimal("-45"))
    assert [cell for _, cell, _ in row["cells"]][9:] == [None, Decimal(10), Decimal(-50)]


def test_heat_has_seven_steps() -> None:
    ten = Decimal(10)
    assert [heat_of(Decimal(n), ten) for n in (-30, -4, 0, 1, 9)] == ["loss3", "loss2", "even", "gain1", "gain3"]
    assert heat_of(None, ten) == ""
