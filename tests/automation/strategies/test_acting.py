"""Carrying out: through the one door, at the open, once, what the strategy owns and no more."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from alerts.models import Alert
from automation.strategies import acting, settling
from automation.strategies.lifecycle import update_strategy
from automation.strategies.owning import owned
from markets.models import CorporateAction
from orders.models import Order
from portfolios.models import Holding
from safety.models import SafetyPolicy
from tests.automation.making import hold
from tests.automation.strategies.making import (
    DAY,
    DOWN,
    MIDNIGHT,
    SOON,
    UP,
    carry_out,
    daily,
    judge,
    signals,
    standing,
    strategy,
    trading,
)


def bought(desk, **changes):
    """A strategy that has bought 4 % of AAPL at 100."""
    daily("AAPL", UP)
    made = trading(desk, **changes)
    judge(made)
    carry_out(AAPL="100")
    return made


def test_it_buys_its_share_of_the_equity_and_nothing_more(desk):
    made = bought(desk)
    (signal,) = signals(made)
    assert signal.state == "done"
    order = Order.objects.get()
    assert (order.source_kind, order.source_id, order.side) == ("strategy_signal", str(signal.id), "buy")
    assert order.idempotency_key == f"strategy:{made.id}:1:AAPL:202611190000"
    assert (order.quantity, order.state, order.expires_at) == (40, "filled", signal.expires_at)
    assert order.trace_id == signal.trace_id
    assert standing(made).applied == Decimal("0.04")
    carry_out(at=SOON + timedelta(seconds=5), AAPL="100")
    assert Order.objects.count() == 1


def test_placing_again_after_a_crash_is_the_same_order(desk):
    daily("AAPL", UP)
    made = trading(desk)
    judge(made)
    (signal,) = signals(made)
    carry_out(AAPL="100")
    signal.save()  # as it stood before: the row was not written, the order was
    carry_out(at=SOON + timedelta(seconds=5), AAPL="101")
    assert Order.objects.count() == 1
    assert signals(made)[0].state in ("done", "nothing")


def test_it_sells_what_it_bought_and_leaves_other_shares_alone(desk):
    hold(desk, "AAPL", "7", now=MIDNIGHT - DAY)
    made = bought(desk)
    daily("AAPL", [90], last=date(2026, 11, 20))
    judge(made, at=SOON + DAY)
    carry_out(at=SOON + DAY, AAPL="90")
    sold = Order.objects.get(side="sell")
    assert sold.quantity == Order.objects.get(side="buy").filled_quantity
    assert Holding.objects.get(portfolio=desk.portfolio, instrument="AAPL").quantity == 7
    assert standing(made).applied == 0


def test_a_flat_signal_never_sells_shares_the_strategy_did_not_buy(desk):
    hold(desk, "AAPL", "7", now=MIDNIGHT - DAY)
    daily("AAPL", DOWN)
    made = trading(desk)
    assert judge(made).changed == 0
    carry_out(AAPL="100")
    assert not Order.objects.exists()


def test_it_waits_for_a_fresh_price_and_gives_up_when_its_time_is_over(desk):
    daily("AAPL", UP)
    made = trading(desk)
    judge(made)
    carry_out()
    assert signals(made)[0].state == "pending"
    carry_out(at=MIDNIGHT + timedelta(minutes=15))
    (signal,) = signals(made)
    assert (signal.state, signal.reason_code) == ("missed", "TOO_LATE")
    assert standing(made).applied is None
    assert not Order.objects.exists()


def test_sales_come_first_and_purchases_wait_for_them(desk):
    daily("AAPL", UP)
    daily("MSFT", DOWN)
    made = trading(desk, symbols=["AAPL", "MSFT"], sizing={"kind": "fixed_fraction", "fraction": "90"})
    judge(made)
    carry_out(AAPL="100", MSFT="100")
    daily("AAPL", [90], last=date(2026, 11, 20))
    daily("MSFT", [150], last=date(2026, 11, 20))
    judge(made, at=SOON + DAY)
    at = SOON + DAY
    carry_out(at=at, AAPL="100", MSFT="100")
    assert [order.side for order in Order.objects.order_by("created_at")] == ["buy", "sell"]
    carry_out(at=at + timedelta(seconds=1), AAPL="100", MSFT="100")
    last = Order.objects.order_by("created_at").last()
    assert (last.side, last.instrument_id, last.state) == ("buy", "MSFT", "filled")


def test_what_the_gate_denies_is_told_and_tried_at_three_bars_at_most(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(max_position_pct=Decimal(1))
    daily("AAPL", UP)
    made = trading(desk)
    for n in range(5):
        if n:
            daily("AAPL", [112 + n], last=date(2026, 11, 19) + n * DAY)
        judge(made, at=SOON + n * DAY)
        carry_out(at=SOON + n * DAY, AAPL="100")
    assert [(s.state, s.reason_code) for s in signals(made)] == [("blocked", "MAX_POSITION")] * 3
    assert standing(made).failures == 3
    alerts = Alert.objects.filter(user=desk.user, kind="blocked", data__has_key="strategy").order_by("triggered_at")
    assert "tried again at the next bar" in alerts[0].body
    assert "nothing more is tried until the signal changes" in alerts[2].body


def test_shadow_trades_of_monitor_and_alert_cost_what_they_would_have_cost(desk):
    daily("AAPL", UP)
    quiet, telling = strategy(desk, name="Quiet"), strategy(desk, name="Telling", mode="alert")
    for made in (quiet, telling):
        judge(made)
    carry_out(AAPL="100")
    assert not Order.objects.exists()
    first, second = signals(quiet)[0], signals(telling)[0]
    assert (first.state, second.state) == ("recorded", "told")
    assert (first.shadow_side, first.shadow_quantity, first.shadow_price) == ("buy", 40, Decimal("100.01"))
    daily("AAPL", [90], last=date(2026, 11, 20))
    judge(quiet, at=SOON + DAY)
    carry_out(at=SOON + DAY, AAPL="90")
    sold = signals(quiet)[-1]
    assert (sold.shadow_side, sold.shadow_quantity, sold.shadow_price) == ("sell", 40, Decimal("89.99"))


def test_an_edit_or_a_stop_ends_what_waits(desk):
    daily("AAPL", UP)
    made = trading(desk)
    judge(made)
    update_strategy(user=desk.user, strategy_id=made.pk, changes={"enabled": False}, now=SOON, actor="ada")
    carry_out(AAPL="100")
    (signal,) = signals(made)
    assert (signal.state, signal.reason) == ("superseded", "The strategy was edited meanwhile.")
    assert not Order.objects.exists()


def test_nothing_is_done_while_another_order_of_the_symbol_is_at_work(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(large_order_pct=Decimal(1))
    daily("AAPL", UP)
    made = trading(desk)
    judge(made)
    carry_out(AAPL="100")
    assert Order.objects.get().state == "awaiting_approval"
    daily("AAPL", [90], last=date(2026, 11, 20))
    judge(made, at=SOON + DAY)
    carry_out(at=SOON + DAY, AAPL="90")
    assert [signal.state for signal in signals(made)] == ["working", "nothing"]


def test_orders_of_two_strategies_do_not_mix(desk):
    daily("AAPL", UP)
    first, second = trading(desk, name="One"), trading(desk, name="Two")
    judge(first)
    judge(second)
    carry_out(AAPL="100")
    assert Order.objects.filter(state="filled").count() == 2
    assert 79 < Holding.objects.get(instrument="AAPL").quantity < 80  # half a spread was lost in between
    assert acting.act_due(SOON) == 0 and settling.settle(SOON) == 0


def test_a_split_scales_what_the_strategy_owns(desk):
    hold(desk, "AAPL", "20", now=MIDNIGHT - DAY)
    made = bought(desk)
    mine = Order.objects.get().filled_quantity
    at = SOON + timedelta(hours=9)
    CorporateAction.objects.create(  # ten old shares become one
        instrument_id="AAPL", kind="split", ex_date=at.date(), new_shares=1, old_shares=10, effective_at=at,
        applied_at=at, created_at=at,
    )  # fmt: skip
    assert owned(made, ["AAPL"], real=True) == {"AAPL": mine / 10}
