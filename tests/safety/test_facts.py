"""What is kept with an order is enough: the gate says the same from it as from the whole snapshot."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety.facts import compact, restore, too_short
from safety.gate import judge
from safety.types import PolicyView, ProposedOrder, RecentOrder, Snapshot
from tests.safety.examples import EXAMPLES, Example
from tests.safety.making import NOW, POLICY, D, order, recent, snapshot
from tests.safety.test_gate_properties import ORDERS, SYMBOLS, snapshots

POLICIES = st.builds(
    lambda **limits: replace(POLICY, **limits),
    max_daily_trades=st.integers(0, 8),
    max_open_orders=st.integers(0, 8),
    max_position_pct=st.decimals(0, 100, places=1),
    max_gross_pct=st.decimals(0, 100, places=1),
    daily_turnover_pct=st.decimals(0, 200, places=1),
    max_order_notional_pct=st.decimals(0, 100, places=1),
    large_order_pct=st.decimals(0, 100, places=1),
    large_order_amount=st.none() | st.decimals(0, 50_000, places=2),
    price_collar_pct=st.decimals(0, 20, places=1),
    duplicate_window_seconds=st.integers(0, 60),
    orders_per_minute=st.none() | st.integers(0, 4),
    orders_per_minute_per_symbol=st.none() | st.integers(0, 4),
    quote_max_age_seconds=st.integers(0, 20),
    buying_power_cushion_pct=st.decimals(0, 10, places=1),
    symbol_whitelist=st.sampled_from([(), ("AAPL",)]),
)
RECENTS = st.lists(
    st.builds(
        recent,
        symbol=SYMBOLS,
        side=st.sampled_from(["buy", "sell"]),
        quantity=st.sampled_from([D(10), D("10.000"), D(5)]),
        at=st.integers(0, 59).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    ),
    max_size=5,
)


def judged_alike(one: ProposedOrder, whole: Snapshot, policy: PolicyView) -> None:
    kept = json.loads(json.dumps(compact(one, whole)))  # as PostgreSQL gives it back
    assert judge(one, restore(kept, one, policy)) == judge(one, replace(whole, policy=policy))


@settings(max_examples=300, deadline=None)
@given(snapshots(), ORDERS, RECENTS, POLICIES)
def test_under_any_limits_the_verdict_is_the_same(
    whole: Snapshot, orders: list[ProposedOrder], lately: list[RecentOrder], policy: PolicyView
) -> None:
    judged_alike(orders[0], replace(whole, recent=tuple(lately)), policy)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.code}: {example.says}")
def test_every_example_of_a_check_is_judged_alike(example: Example) -> None:
    for one, whole in (example.beyond, example.at):
        if one.side in ("buy", "sell"):
            judged_alike(one, whole, whole.policy)


def test_taking_facts_changes_nothing() -> None:
    whole, one = snapshot(), order()
    before = judge(one, whole)
    compact(one, whole)
    assert judge(one, whole) == before


def test_how_far_back_the_same_order_is_known() -> None:
    kept = compact(order(), snapshot(duplicate_window_seconds=90))
    assert not too_short(kept, replace(POLICY, duplicate_window_seconds=90))
    assert too_short(kept, replace(POLICY, duplicate_window_seconds=91))
    repeated = compact(order(), snapshot(recent=(recent(quantity=Decimal(10)),)))
    assert not too_short(repeated, replace(POLICY, duplicate_window_seconds=10_000))


def test_losses_are_known_only_where_the_lock_was_on() -> None:
    locked = replace(POLICY, wash_sale_lock=True)
    assert too_short(compact(order(), snapshot()), locked)
    assert not too_short(compact(order(), snapshot(wash_sale_lock=True)), locked)
