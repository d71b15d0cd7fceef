"""A strategy over a market: acts at the next open, sees nothing of the future, on changes only, sales first."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.backtest import looking_ahead
from automation.backtest.strategy_run import Plan, StrategyRun
from automation.strategies.base import Bars as Columns
from automation.strategies.ma_cross import MA_CROSS
from automation.strategies.registry import STRATEGIES
from common.errors import InvalidInput
from markets.fill_model import Costs
from tests.automation.backtest.making import Scripted, columns, course, daily, fills, go, perturbed, policy, walk

D = Decimal
NAN = float("nan")


def test_a_signal_acts_at_the_next_open_at_its_price() -> None:
    bars = {"A": daily("A", [(10, 11), (20, 22), (25, 24), (30, 33)])}
    done = go(Scripted({"A": [0, 1, 1, 0]}), course(bars), fraction="10")
    # Signalled by the bar that closed at 22, bought at the next open, 25: a tenth of 100,000.
    assert fills(done) == [(2, "buy A", "400", "25.00")]
    assert done.equity[-1] == pytest.approx(100_000 + 400 * (33 - 25))


def test_the_last_bars_signal_is_never_acted_on() -> None:
    done = go(Scripted({"A": [0, 0, 1]}), course({"A": daily("A", [10, 10, 10])}))
    assert fills(done) == []


def test_who_knows_the_same_bars_close_gains_nothing() -> None:
    """Each bar rises by a tenth or falls by it, and opens where the last one closed: knowing the close of the bar that
    is just over says nothing about the next one, and that is all a strategy gets."""
    chance = np.random.default_rng(5)
    up = chance.random(400) < 0.5
    close = 100 * np.cumprod(np.where(up, 1.01, 1 / 1.01))
    opened = np.concatenate([[100.0], close[:-1]])
    rows = list(zip(np.round(opened, 2).tolist(), np.round(close, 2).tolist(), strict=True))
    bars = {"A": daily("A", rows)}
    seer = Scripted({"A": up.astype(float).tolist()})  # long exactly on the bars that rise
    done = go(seer, course(bars), fraction="100")
    if_it_had_traded_within = float(np.prod(np.where(up, 1.01, 1.0)))
    assert if_it_had_traded_within > 5
    assert done.equity[-1] / 100_000 < 1.6
    # Every trade is at an open, and none at the open of the bar that gave the signal.
    for trade in done.account.trades:
        assert trade.price == D(repr(rows[trade.at][0])).quantize(D("0.01"))
        assert (trade.side == "buy") == bool(up[trade.at - 1])


@settings(max_examples=60, deadline=None)
@given(
    key=st.sampled_from(sorted(STRATEGIES)),
    cut=st.integers(min_value=80, max_value=280),
    seed=st.integers(min_value=0, max_value=10_000),
)
def test_other_future_bars_never_change_earlier_trades(key: str, cut: int, seed: int) -> None:
    kind = STRATEGIES[key]
    names = [f"S{n}" for n in range(max(kind.least_symbols, 2))]
    before = {name: walk(name, 300, seed + n) for n, name in enumerate(names)}
    after = {name: perturbed(bars, cut, seed + 77 + n) for n, (name, bars) in enumerate(before.items())}
    short = {p.name: min(int(p.default), 20) for p in kind.schema if p.name in ("lookback", "window", "long", "period")}
    raw = {**short, **({"short": 5} if "long" in short else {})}
    one, two = go(kind, course(before), **raw), go(kind, course(after), **raw)
    # What is traded at moment `cut` trades at its open, which is another one already.
    assert [t for t in fills(one) if t[0] < cut] == [t for t in fills(two) if t[0] < cut]
    assert one.equity[: cut - 1].tolist() == two.equity[: cut - 1].tolist()


def test_signals_that_change_with_later_bars_are_found_out() -> None:
    class Seer(Scripted):
        def generate_signals(self, bars, params):  # type: ignore[no-untyped-def]
            return {s: np.sign(np.append(np.diff(b.close), 0.0)) for s, b in bars.items()}

    market = course({"A": walk("A", 100, 3)}).market
    plan = Plan(strategy=Seer({}), params={}, sizing={})
    with pytest.raises(InvalidInput, match="looks into the future"):
        looking_ahead.probe(plan, columns(market))
    honest = Plan(strategy=MA_CROSS, params=MA_CROSS.parse({"short": 5, "long": 20}), sizing={})
    assert looking_ahead.probe(honest, columns(market)) == {"compared": 130, "differences": 0}


def test_it_trades_on_changes_not_on_every_bar_and_never_goes_short() -> None:
    bars = {"A": daily("A", [10, 10, 20, 40, 20, 10, 10])}
    done = go(Scripted({"A": [1, 1, 1, 1, -1, -1, -1]}), course(bars), fraction="10")
    assert fills(done) == [(1, "buy A", "1000", "10.00"), (5, "sell A", "1000", "10.00")]


def test_unknown_is_not_flat() -> None:
    done = go(Scripted({"A": [1, NAN, NAN, 1, 0, 0]}), course({"A": daily("A", [10] * 6)}))
    assert [(t[0], t[1]) for t in fills(done)] == [(1, "buy A"), (5, "sell A")]


def test_a_symbol_without_a_bar_waits_for_its_next_one() -> None:
    bars = {"A": daily("A", [10, 10, 12, 12], days=[0, 1, 4, 5]), "B": daily("B", [10] * 6)}
    on = course(bars)
    axis = columns(on.market)["B"].at
    spread = np.full(6, NAN)
    spread[[0, 1, 4, 5]] = on.market.bars["A"].close
    both = {
        "A": Columns(at=axis, open=spread, high=spread, low=spread, close=spread, volume=spread),
        "B": columns(on.market)["B"],
    }
    script = Scripted({"A": [0, 1, NAN, NAN, 1, 1], "B": [0] * 6})
    plan = Plan(strategy=script, params={}, sizing={"kind": "fixed_fraction", "fraction": "10"})
    StrategyRun(plan=plan, market=on.market, course=on, columns=both).run()
    assert [(t[0], t[1], t[3]) for t in fills(on)] == [(4, "buy A", "12.00")]


def test_sales_pay_for_purchases_of_the_same_open() -> None:
    bars = {name: daily(name, [10, 10, 20, 20]) for name in ("A", "B")}
    done = go(Scripted({"A": [1, 0, 0, 0], "B": [0, 1, 1, 1]}), course(bars), fraction="100")
    # A was bought with everything, doubled, and is sold before B is bought with what came of it.
    assert fills(done) == [
        (1, "buy A", "10000", "10.00"),
        (2, "sell A", "10000", "20.00"),
        (2, "buy B", "10000", "20.00"),
    ]
    assert done.account.cash == 0


def test_a_denied_order_is_recorded_and_wanted_again_at_most_three_times() -> None:
    bars = {"A": daily("A", [10] * 8)}
    done = go(Scripted({"A": [1] * 8}), course(bars, limits=policy(max_position_pct=D(5))), fraction="10")
    assert fills(done) == []
    assert done.gate.codes == {"MAX_POSITION": 3}
    assert [d.at for d in done.gate.denials] == [1, 2, 3]


def test_what_was_denied_is_bought_once_there_is_room() -> None:
    """The position limit allows 10 % at equal prices; at the first open the price is one that needs more."""
    bars = {"A": daily("A", [10, 10, 10, 10, 10])}
    limits = policy(max_daily_trades=0)
    on = course(bars, limits=limits)
    done = go(Scripted({"A": [1, 0, 0, 1, 1]}), on)
    assert done.gate.codes == {"DAILY_TRADE_CAP": 2}  # the signal changed in between: not the same wish again
    assert [d.at for d in done.gate.denials] == [1, 4]


def test_the_history_before_the_period_gives_the_first_signal_only() -> None:
    bars = {"A": daily("A", [10, 10, 10, 10, 10, 10], first=3)}
    done = go(Scripted({"A": [1, 0, 1, 1, 0, 0]}), course(bars))
    assert [(t[0], t[1]) for t in fills(done)] == [(3, "buy A"), (5, "sell A")]
    assert len(done.equity) == 3


def test_costs_are_those_of_the_paper_broker() -> None:
    costs = Costs(slippage_bps=D(50), fee_per_order=D(1), fee_bps=D(10))
    done = go(Scripted({"A": [1, 0, 0, 0]}), course({"A": daily("A", [10, 10, 10, 10])}, costs=costs))
    buy, sell = done.account.trades
    assert (str(buy.price), str(sell.price)) == ("10.05", "9.95")
    assert (str(buy.fee), str(sell.fee)) == ("11.05", "10.95")
    assert done.account.cash == D(100_000) - 1000 * D("0.10") - D("22.00")
    assert sell.gain == D("-122.00")
    assert sum(trade.slipped for trade in done.account.trades) == D("100.00")


def test_a_fill_is_no_larger_than_the_broker_allows() -> None:
    done = go(
        Scripted({"A": [1, 1, 1]}), course({"A": daily("A", [10, (10, 11), 11])}, costs=Costs(max_fill_quantity=D(300)))
    )
    # 1000 were wanted: 300 at the open, 300 at the close of that bar; the rest is not traded.
    assert fills(done) == [(1, "buy A", "300", "10.00"), (1, "buy A", "300", "11.00")]
