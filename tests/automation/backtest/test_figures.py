"""Figures of a curve and of trades, done by hand; the split, walking forward and ranks of a grid."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from automation.backtest.figures import Daily, by_month, daily_of, in_parts, measures, traded
from automation.backtest.holding import hold_curve
from automation.backtest.market import market_of
from automation.backtest.trying import _agreement, _rank, _split, _walk_forward
from markets.fill_model import Costs
from tests.automation.backtest.making import D, Scripted, course, daily, go


def curve(*equity: float, start: float = 100.0) -> Daily:
    days = tuple(date(2024, 1, 1) + timedelta(days=n) for n in range(len(equity)))
    return Daily(dates=days, equity=np.array(equity), start=start)


def test_return_and_deepest_fall() -> None:
    told = measures(curve(110, 99, 104.5, 121))
    assert (told["net_result"], told["return_percent"], told["max_drawdown_percent"]) == ("21", "21", "10")
    assert told["drawdown"] == {"peak": "2024-01-01", "trough": "2024-01-02", "recovered": "2024-01-04", "days": 3}
    assert told["sharpe"] is None
    assert "20 daily returns are needed" in told["unknown"]["sharpe"]


def test_a_year_is_annualised() -> None:
    levels = np.linspace(100, 121, 731)[1:]
    told = measures(curve(*levels.tolist()))
    assert float(told["cagr_percent"]) == pytest.approx((1.21 ** (365 / 730) - 1) * 100, abs=1e-3)


def test_trades_costs_exposure_and_turnover() -> None:
    costs = Costs(slippage_bps=D(100), fee_per_order=D(1))
    done = go(Scripted({"A": [1, 0, 1, 0, 0, 0]}), course({"A": daily("A", [10, 10, 12, 10, 9, 9])}, costs=costs))
    told = traded(done.account.trades, invested=done.invested, equity=done.equity, years=0.5)
    assert (told["trades"], told["closed"], told["winners"], told["losers"]) == (4, 2, 1, 1)
    assert told["win_rate_percent"] == "50"
    assert told["fees"] == "4"
    slipped = sum((trade.slipped for trade in done.account.trades), D(0))
    assert float(told["costs"]) == pytest.approx(float(slipped) + 4, abs=0.01)
    assert float(told["exposure_percent"]) == pytest.approx(100 * (done.invested / done.equity).mean(), abs=1e-4)
    value = sum(float(trade.quantity * trade.price) for trade in done.account.trades)
    assert float(told["turnover_per_year"]) == pytest.approx(value / 2 / done.equity.mean() / 0.5, abs=1e-4)


def test_buying_and_holding_waits_for_a_symbols_first_bar() -> None:
    bars = {"A": daily("A", [10, 10, 10, 20]), "B": daily("B", [10, 20], days=[2, 3])}
    market = market_of(bars)
    held = hold_curve(
        market, {"A": D("0.5"), "B": D("0.5")}, cash=D(1000), costs=Costs(), fractional={"A": False, "B": False}
    )
    assert held.tolist() == pytest.approx([1000, 1000, 1000, 1980], abs=25)


def test_minutes_are_measured_by_the_day() -> None:
    market = market_of({"A": daily("A", [10, 10, 10])})
    told = daily_of(market, np.array([101.0, 102.0, 103.0]), 100.0)
    assert len(told.dates) == 3
    assert told.returns.tolist() == pytest.approx([0.01, 102 / 101 - 1, 103 / 102 - 1])


def test_a_grid_is_split_by_sessions_and_cut_in_parts() -> None:
    one = curve(110, 121, 121, 121, 121, 121, 121, 60.5, 60.5, 60.5)
    assert _split(one, 70) == (pytest.approx(0.21), pytest.approx(-0.5))
    assert in_parts(one, 5) == pytest.approx([0.21, 0, 0, -0.5, 0])


def test_walking_forward_chooses_by_the_past_alone() -> None:
    rows = [
        {"values": {"n": "1"}, "parts": [0.5, -0.1, 0.0, 0.0, 0.0]},
        {"values": {"n": "2"}, "parts": [0.1, 0.5, 0.2, 0.1, 0.0]},
    ]
    told = _walk_forward(rows)
    assert told is not None
    assert [step["values"]["n"] for step in told["steps"]] == ["1", "2", "2", "2"]
    assert float(told["return_percent"]) == pytest.approx(100 * (0.9 * 1.2 * 1.1 - 1), abs=1e-3)
    assert float(told["best_in_hindsight_percent"]) == pytest.approx(100 * (1.5 * 1.2 * 1.1 - 1), abs=1e-3)


def test_ranks_say_whether_the_past_told() -> None:
    rows = [
        {"in_sample_percent": str(before), "out_of_sample_percent": str(after)}
        for before, after in ((3, 1), (2, 2), (1, 3))
    ]
    assert _agreement(rows) == "-1"
    assert _rank(rows[0], rows) == 3
    assert _agreement(rows[:2]) is None


def test_months_chain_to_the_whole() -> None:
    dates = (date(2025, 11, 28), date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 2))
    found = by_month(Daily(dates=dates, equity=np.array([110.0, 100.0, 121.0, 60.5]), start=100.0))
    assert found == [
        {"month": "2025-11", "return_percent": "10"},
        {"month": "2025-12", "return_percent": "10"},
        {"month": "2026-01", "return_percent": "-50"},
    ]
