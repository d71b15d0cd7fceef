"""The worth of an account bar by bar, and of one who bought at the start."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from automation.replay.book import Terms
from automation.replay.curves import curves_of, deepest, thinned
from markets.fill_model import Costs
from tests.automation.replay.making import daily, rule, run

D = Decimal


def test_equity_holding_and_exposure() -> None:
    bars = daily([100, 90, 80, 100])
    done = run(rule("price_below", {"threshold": "90"}), bars, cash=D(1000))
    curves = curves_of(bars, done.terms, done.changes)
    assert curves.equity.tolist() == [1000, 1000, 900, 1100]
    assert round(curves.exposure_percent) == 75
    assert round(curves.drawdown_percent, 6) == 10
    assert abs(curves.hold[-1] - 1000) < 1


def test_holding_pays_the_same_costs() -> None:
    bars = daily([100, 110])
    costs = Costs(slippage_bps=D(10), fee_per_order=D(5), fee_bps=D(10))
    curves = curves_of(bars, Terms(cash=D(1000), costs=costs, fractional=False), [])
    # nine shares at 100.10, five dollars and ninety cents of fees
    assert [round(float(worth), 2) for worth in curves.hold] == [993.2, 1083.2]


def test_shares_from_the_start_count() -> None:
    bars = daily([100, 110])
    curves = curves_of(bars, Terms(cash=D(0), shares=D(2)), [])
    assert (curves.start, curves.equity.tolist(), curves.hold.tolist()) == (200, [200, 220], [200, 220])


def test_the_deepest_fall_counts_from_the_start() -> None:
    assert deepest(100, np.array([90.0, 80.0, 120.0, 100.0])) == 20
    assert deepest(0, np.array([0.0])) == 0


def test_thinning_keeps_the_ends_and_what_matters() -> None:
    kept = thinned(10_000, 500, [17, 4321])
    assert {0, 17, 4321, 9999} <= set(kept)
    assert len(kept) <= 500
    assert thinned(3, 500) == [0, 1, 2]
