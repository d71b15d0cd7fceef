"""The planner on books small enough to do by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portfolios.planning.planner import plan
from portfolios.planning.types import (
    CASH,
    CannotPlan,
    Code,
    CostModel,
    LotMethod,
    Plan,
    PlanHolding,
    PlanLot,
    RebalanceTo,
)
from tests.portfolios.planning.books import NOW, D, book, holding, terms

FREE = CostModel()
SIXTY_FORTY = {"SPY": "0.6", "AGG": "0.4"}


def trades(made: Plan) -> list[tuple[str, str, Decimal]]:
    return [(trade.side, trade.symbol, trade.value) for trade in made.trades]


def residuals(made: Plan) -> dict[tuple[str, Code], Decimal]:
    return {(row.symbol, row.code): row.dollars for row in made.residuals}


def test_all_the_way_to_the_targets() -> None:
    made = plan(book("0", holding("SPY", "70", "100"), holding("AGG", "30", "100")), terms(SIXTY_FORTY), FREE)
    assert trades(made) == [("sell", "SPY", D(1000)), ("buy", "AGG", D("999.98"))]  # two cents are kept for rounding
    assert (made.expected_cost, made.cash_after) == (0, D("0.02"))
    assert made.turnover == D("0.199998")
    assert "SPY is 70.00 % of what the goal manages, its target is 60.00 %" in made.trades[0].reason


def test_nothing_while_all_is_inside_unless_it_is_asked_for() -> None:
    inside = book("0", holding("SPY", "64", "100"), holding("AGG", "36", "100"))
    made = plan(inside, terms(SIXTY_FORTY), FREE)
    assert made.trades == ()
    assert residuals(made) == {("SPY", Code.INSIDE_BAND): D(400), ("AGG", Code.INSIDE_BAND): D(-400)}
    assert len(plan(inside, terms(SIXTY_FORTY), FREE, force=True).trades) == 2


def test_to_the_edge_of_the_band_only() -> None:
    made = plan(
        book("0", holding("SPY", "70", "100"), holding("AGG", "30", "100")),
        terms(SIXTY_FORTY, rebalance_to=RebalanceTo.BAND_EDGE),
        FREE,
    )
    assert trades(made)[0] == ("sell", "SPY", D(501))  # 65 %, and a hundredth of a point inside
    assert D("0.649") < made.weights_after["SPY"] <= D("0.65")


def test_only_what_drifted() -> None:
    made = plan(
        book("0", holding("SPY", "68", "100"), holding("AGG", "22", "100"), holding("GLD", "10", "100")),
        terms({"SPY": "0.6", "AGG": "0.26", "GLD": "0.14"}, rebalance_to=RebalanceTo.DRIFTED_ONLY),
        FREE,
    )
    assert trades(made) == [("sell", "SPY", D(800))]
    assert residuals(made)["AGG", Code.INSIDE_BAND] == -400
    assert residuals(made)[CASH, Code.LEFTOVER_CASH] == 800


def test_cash_flow_only_scales_every_need_by_one_factor() -> None:
    """need_i = max(0, t_i V - v_i): of 10,000 they lack 1,000 and 500, and 300 dollars are there: a fifth of each."""
    made = plan(
        book("300", holding("SPY", "50", "100"), holding("AGG", "35", "100"), holding("GLD", "12", "100")),
        terms({"SPY": "0.6", "AGG": "0.4"}, cash_flow_only=True),
        FREE,
    )
    assert [(t.side, t.symbol) for t in made.trades] == [("buy", "SPY"), ("buy", "AGG")]
    spy, agg = (trade.value for trade in made.trades)
    assert spy / agg == pytest.approx(D(2), abs=D("0.001"))
    assert residuals(made)["GLD", Code.CASH_FLOW_ONLY] == 1200


def test_the_turnover_cap_scales_everything_by_one_factor() -> None:
    made = plan(
        book("0", holding("SPY", "90", "100"), holding("AGG", "10", "100")),
        terms(SIXTY_FORTY, turnover_cap=D("0.3")),
        FREE,
    )
    sold, bought = (trade.value for trade in made.trades)
    assert D("1499") < bought <= sold <= D(1500)
    assert residuals(made)["SPY", Code.TURNOVER_CAP] > 0


def test_what_is_never_sold_and_what_cannot_be_traded() -> None:
    made = plan(
        book(
            "0", holding("SPY", "70", "100"), holding("AGG", "20", "100"), holding("GLD", "10", "100", tradable=False)
        ),
        terms(SIXTY_FORTY, do_not_sell=frozenset({"SPY"})),
        FREE,
    )
    assert made.trades == ()
    assert {(d.symbol, d.code) for d in made.dropped} == {
        ("SPY", Code.DO_NOT_SELL),
        ("GLD", Code.NOT_TRADABLE),
        ("AGG", Code.FUNDING),
    }
    assert all(one.reason.endswith(".") for one in made.dropped)


def test_whole_shares_are_rounded_down_and_the_rest_is_told() -> None:
    made = plan(
        book("1000", holding("SPY", "0", "300", fractional=False)),
        terms({"SPY": "1"}),
        FREE,
    )
    assert [trade.quantity for trade in made.trades] == [3]
    assert residuals(made) == {("SPY", Code.ROUNDING): D(-100), (CASH, Code.LEFTOVER_CASH): D(100)}
    assert "less than a share at $300.00" in made.residuals[0].reason


def test_a_trade_that_costs_more_than_it_is_worth_is_dropped_and_said_so() -> None:
    """$20 too much is worth 1 % of that, 20 cents; selling it would cost $1."""
    made = plan(
        book("0", holding("SPY", "99.8", "100"), holding("QQQ", "0.2", "100")),
        terms({"SPY": "1"}),
        CostModel(commission=D(1)),
    )
    assert made.trades == ()
    dropped = next(one for one in made.dropped if one.symbol == "QQQ")
    assert (dropped.side, dropped.value, dropped.code) == ("sell", D(20), Code.COST)
    assert "would cost about $1.00" in dropped.reason and "is worth $0.20" in dropped.reason


def test_costs_come_out_of_what_is_shared() -> None:
    costly = CostModel(commission=D(1), spread_bps=D(10), slippage_bps=D(5))
    made = plan(book("0", holding("SPY", "100", "100"), holding("AGG", "0", "100")), terms(SIXTY_FORTY), costly)
    sale, purchase = made.trades
    assert sale.cost == D("5.01") == D(1) + D("4.01")  # 10 bps of a little more than 4,000, rounded up
    assert made.cash_after == made.cash_before + sale.value - sale.cost - purchase.value - purchase.cost
    assert 0 <= made.cash_after < D("0.10")


def test_less_than_the_smallest_trade_is_not_traded() -> None:
    made = plan(
        book("0", holding("SPY", "99.8", "100"), holding("QQQ", "0.2", "100")),
        terms({"SPY": "1"}, min_trade=D(50)),
        FREE,
    )
    assert made.trades == ()
    assert residuals(made)["QQQ", Code.MIN_TRADE] == 20


def test_reserved_cash_stays() -> None:
    made = plan(
        book("1000", holding("SPY", "0", "100")), terms({"SPY": "1"}, cash_buffer=D(200), cash_buffer_pct=D(5)), FREE
    )
    assert made.reserved == 250
    assert D("749") < made.trades[0].value <= 750
    assert made.cash_after >= 250


def test_shares_and_cash_of_orders_under_way_are_not_used_twice() -> None:
    held = PlanHolding(symbol="SPY", quantity=D(10), price=D(100), committed=D(9))
    made = plan(book("0", held, holding("AGG", "0", "100"), committed_cash=D(0)), terms({"AGG": "1"}), FREE)
    assert trades(made)[0] == ("sell", "SPY", D(100))
    assert residuals(made)["SPY", Code.HELD] == 900
    busy = plan(book("1000", holding("AGG", "0", "100"), committed_cash=D(400)), terms({"AGG": "1"}), FREE)
    assert busy.trades[0].value <= 600


def bought(lot_id: int, days: int, quantity: str, cost: str) -> PlanLot:
    return PlanLot(lot_id=lot_id, acquired_at=NOW - timedelta(days=days), quantity=D(quantity), cost=D(cost))


LOTS = (bought(1, 500, "10", "500"), bought(2, 100, "10", "900"), bought(3, 20, "10", "1200"))


@pytest.mark.parametrize(
    ("method", "order", "short", "long"),
    [
        (LotMethod.FIFO, [1], D(0), D(500)),
        (LotMethod.HIFO, [3], D(-200), D(0)),
        (LotMethod.TAX, [3], D(-200), D(0)),
    ],
)
def test_the_method_picks_the_lots(method: LotMethod, order: list[int], short: Decimal, long: Decimal) -> None:
    held = holding("SPY", "30", "100", lots=LOTS)
    made = plan(
        book("0", held, holding("AGG", "0", "100")),
        terms({"SPY": "0.666667", "AGG": "0.333333"}, lot_method=method),
        FREE,
    )
    sale = made.sells[0]
    assert [part.lot_id for part in sale.lots] == order
    assert (round(sale.short_term_gain), round(sale.long_term_gain)) == (short, long)
    assert made.estimated_tax == sale.estimated_tax
    assert (made.estimated_tax < 0) == (short < 0)


def test_least_tax_takes_long_term_gains_before_short_term_ones() -> None:
    """24 % of $10 a share is more than 15 % of $12."""
    lots = (bought(1, 100, "10", "900"), bought(2, 500, "10", "880"))
    held = holding("SPY", "20", "100", lots=lots)
    goal = terms({"SPY": "0.5", "AGG": "0.5"}, lot_method=LotMethod.TAX)
    made = plan(book("0", held, holding("AGG", "0", "100")), goal, FREE)
    assert [part.lot_id for part in made.sells[0].lots] == [2]


def test_short_term_gains_can_be_avoided() -> None:
    held = holding("SPY", "20", "100", lots=(bought(1, 100, "10", "900"), bought(2, 500, "10", "500")))
    made = plan(book("0", held, holding("AGG", "0", "100")), terms({"AGG": "1"}, avoid_short_term_gains=True), FREE)
    assert trades(made)[0] == ("sell", "SPY", D(1000))
    assert [part.lot_id for part in made.sells[0].lots] == [2]
    assert residuals(made)["SPY", Code.SHORT_TERM_GAIN] == 1000


def test_wash_sales_are_told_and_can_be_locked() -> None:
    sold = {"AGG": NOW - timedelta(days=10)}
    held = holding("SPY", "20", "100", lots=(bought(1, 100, "20", "2400"),))
    before = book("0", held, holding("AGG", "0", "100"), loss_sales=sold, recent_buys={"SPY": NOW - timedelta(days=5)})
    made = plan(before, terms({"SPY": "0.5", "AGG": "0.5"}), FREE)
    assert "SPY is sold at a loss of $200.00, and was bought on 2026-11-15" in made.warnings[0]
    assert "AGG was sold at a loss on 2026-11-10" in made.warnings[1]
    locked = plan(before, terms({"SPY": "0.5", "AGG": "0.5"}, wash_sale_lock=True), FREE)
    assert locked.buys == ()
    assert residuals(locked)["AGG", Code.WASH_SALE_LOCK] == -1000


def test_cash_as_a_target_is_raised_by_sales() -> None:
    made = plan(book("0", holding("SPY", "100", "100")), terms({"SPY": "0.8", CASH: "0.2"}), FREE)
    assert trades(made) == [("sell", "SPY", D(2000))]
    assert made.weights_after == {"SPY": D("0.8"), CASH: D("0.2")}


def test_without_a_price_nothing_is_planned() -> None:
    unpriced = PlanHolding(symbol="GLD", quantity=D(1), price=None)
    with pytest.raises(CannotPlan, match="GLD: no price yet"):
        plan(book("100", holding("SPY", "1", "100"), unpriced), terms({"SPY": "1"}), FREE)
    with pytest.raises(CannotPlan, match="XXXX: no such instrument"):
        plan(book("100", holding("SPY", "1", "100")), terms({"SPY": "0.5", "XXXX": "0.5"}), FREE)
    with pytest.raises(CannotPlan, match="nothing is left to share out"):
        plan(book("0"), terms({CASH: "1"}), FREE)


def test_purchases_start_with_the_largest_shortfall() -> None:
    targets = {"SPY": "0.5", "AGG": "0.3", "GLD": "0.2"}
    made = plan(book("1000", *(holding(symbol, "0", "10") for symbol in targets)), terms(targets), FREE)
    assert [trade.symbol for trade in made.trades] == ["SPY", "AGG", "GLD"]
