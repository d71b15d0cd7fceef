from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from markets.feeds.path import Path, bridge


def path(seed=7, price=200.0, anchor=200.0, volatility=1.0):
    return Path(symbol="X", seed=seed, price=price, anchor=anchor, volatility=volatility, daily_volume=10_000_000)


def test_the_same_seed_gives_the_same_path():
    one, two, other = path(), path(), path(seed=8)
    walk = [one.step(1) for _ in range(50)]
    assert walk == [two.step(1) for _ in range(50)]
    assert walk != [other.step(1) for _ in range(50)]


def test_it_starts_where_it_is_told():
    assert path(price=210.0).price == 210
    assert abs(path(price=210.0).step(0.0) - 210) <= Decimal("0.01")


def test_a_minute_moves_the_price_enough_for_a_first_rule_to_fire():
    """Half of all minutes move it 0.2-0.5 % or more, and a level 0.15 % away is reached within a minute, mostly."""
    moves, reached = [], []
    for seed in range(30):
        walker = path(seed=seed)
        walk = [float(walker.step(1)) for _ in range(600)]
        for start in range(30, 540, 60):
            minute = walk[start : start + 61]
            moves.append(abs(minute[-1] / minute[0] - 1) * 100)
            reached += [max(minute) >= minute[0] * 1.0015, min(minute) <= minute[0] * 0.9985]
    assert 0.2 < statistics.median(moves) < 0.5
    assert sum(reached) / len(reached) > 0.75


def test_a_day_does_not_run_away():
    walker = path()
    walk = [float(walker.step(60)) for _ in range(1440)]
    assert 180 < min(walk) < max(walk) < 222


def test_after_a_jump_it_goes_on_from_there():
    walker = path()
    walker.jump(Decimal("150"))
    assert walker.price == 150
    walk = [walker.step(1) for _ in range(600)]
    assert 145 < min(walk) < max(walk) < 155


def test_a_new_day_does_not_move_the_price():
    walker = path(price=204.0)
    walker.new_day()
    assert walker.price == 204


@given(st.floats(0.02, 5000), st.integers(0, 100))
def test_sides_hold_the_price_between_them(price, seed):
    walker = path(seed=seed, price=price, anchor=price)
    bid, ask = walker.sides(walker.price)
    assert 0 < bid <= walker.price <= ask
    assert (ask - bid) / walker.price <= Decimal("0.0004") + Decimal("0.02") / walker.price


def test_size_is_whole_and_positive():
    walker = path()
    assert all(walker.size(1) >= 1 and walker.size(1) % 1 == 0 for _ in range(100))


@given(st.integers(1, 90), st.floats(1, 500), st.floats(0.9, 1.1))
def test_a_bridge_meets_both_ends(minutes, opens, ratio):
    start = datetime(2026, 11, 22, 5, tzinfo=UTC)
    bars = bridge(symbol="X", seed=7, start=start, minutes=minutes, opens=opens, closes=opens * ratio, volatility=1.0)
    assert [bar[0] for bar in bars] == [start + timedelta(minutes=n) for n in range(minutes)]
    assert abs(float(bars[0][1]) - opens) <= 0.011
    assert abs(float(bars[-1][4]) - opens * ratio) <= 0.011
    for _, opened, high, low, closed in bars:
        assert 0 < low <= min(opened, closed)
        assert high >= max(opened, closed)


def test_no_gap_no_bars():
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert bridge(symbol="X", seed=7, start=now, minutes=0, opens=1.0, closes=2.0, volatility=1.0) == []
    assert bridge(symbol="X", seed=7, start=now, minutes=-3, opens=1.0, closes=2.0, volatility=1.0) == []
