"""Whatever is admitted, one order after another: if all of it fills at the worst, every limit still holds."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from safety.gate import decide
from safety.sizing import worst_price_of
from safety.types import Snapshot
from tests.safety.making import D, flight, order, snapshot

SYMBOLS = st.sampled_from(["AAPL", "MSFT"])
SHARES = st.decimals(D("0.001"), D(400), places=3)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    held = draw(st.dictionaries(SYMBOLS, SHARES))
    cash = draw(st.decimals(0, 100_000, places=2))
    equity = cash + sum((shares * 100 for shares in held.values()), D(0))
    flights = draw(
        st.lists(
            st.builds(
                flight,
                symbol=SYMBOLS,
                remaining=st.decimals(D("0.001"), D(20), places=3),
                order_type=st.sampled_from(["market", "limit"]),
            ),
            max_size=2,
        )
    )
    return snapshot(
        positions=held,
        cash=cash,
        equity=equity,
        day_start_equity=equity,
        peak_equity=equity,
        in_flight=tuple(flights),
        large_order_pct=D(1000),
        duplicate_window_seconds=0,
        max_daily_trades=draw(st.integers(1, 8)),
        max_open_orders=draw(st.integers(1, 8)),
        max_position_pct=draw(st.decimals(1, 100, places=1)),
        max_gross_pct=draw(st.decimals(1, 100, places=1)),
        daily_turnover_pct=draw(st.decimals(1, 200, places=1)),
        max_order_notional_pct=draw(st.decimals(1, 100, places=1)),
    )


ORDERS = st.lists(
    st.builds(
        order,
        symbol=SYMBOLS,
        side=st.sampled_from(["buy", "buy", "sell"]),
        quantity=SHARES,
        order_type=st.sampled_from(["market", "limit"]),
        limit_price=st.one_of(st.none(), st.decimals(90, 110, places=2)),
    ),
    min_size=1,
    max_size=12,
)


def check_worst_case(start: Snapshot, now: Snapshot, bought: dict[str, Decimal], sold: dict[str, Decimal]) -> None:
    """Everything under way fills at its worst price: recomputed here without the gate's sums."""
    policy, equity = start.policy, start.equity
    assert equity is not None
    costs: dict[str, Decimal] = defaultdict(Decimal)
    need = D(0)
    for under_way in now.in_flight:
        if under_way.side == "buy":
            value = under_way.remaining * under_way.price
            costs[under_way.symbol] += value
            need += value if under_way.order_type == "limit" else value * (1 + policy.buying_power_cushion_pct / 100)
    for symbol in bought:
        worth = start.positions.get(symbol, D(0)) * 100 + costs[symbol]
        assert worth <= equity * policy.max_position_pct / 100
        assert now.turnover_today <= equity * policy.daily_turnover_pct / 100 or symbol in sold
    if bought:
        assert need <= start.cash
        exposure = sum((shares * 100 for shares in start.positions.values()), D(0)) + sum(costs.values())
        assert exposure <= equity * policy.max_gross_pct / 100
    for symbol, shares in sold.items():
        assert shares <= start.positions.get(symbol, D(0))


@settings(max_examples=400, deadline=None)
@given(snapshots(), ORDERS)
def test_limits_hold_on_the_worst_case_book(start: Snapshot, orders: list) -> None:
    now = start
    bought: dict[str, Decimal] = defaultdict(Decimal)
    sold: dict[str, Decimal] = defaultdict(Decimal)
    for one in orders:
        _, approved = decide(one, now)
        if approved is None:
            continue
        if one.side == "buy":
            # Sales skip these limits, so they are asserted when a purchase is admitted.
            assert len(now.in_flight) < start.policy.max_open_orders
            assert now.trades_today < start.policy.max_daily_trades
        price = worst_price_of(one, now)
        assert price is not None
        (bought if one.side == "buy" else sold)[one.symbol] += one.quantity
        now = now.with_order(one, price, "queued")
        if one.side == "buy":
            check_worst_case(start, now, bought, sold)
        assert sold[one.symbol] <= start.positions.get(one.symbol, D(0))


@settings(max_examples=200, deadline=None)
@given(snapshots(), ORDERS)
def test_the_moving_sums_equal_fresh_ones(start: Snapshot, orders: list) -> None:
    """The cached sums that travel with `with_order` change nothing: a snapshot without them decides the same."""
    now = start
    for one in orders:
        verdict, approved = decide(one, now)
        fresh = Snapshot(**{name: getattr(now, name) for name in now.__dataclass_fields__ if name != "_book"})
        assert decide(one, fresh)[0] == verdict
        if approved is not None:
            price = worst_price_of(one, now)
            assert price is not None
            now = now.with_order(one, price, "queued")
