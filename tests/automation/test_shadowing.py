"""Shadow trades: one per firing of a rule that only watches, whatever happens to the worker."""

from __future__ import annotations

from decimal import Decimal

import pytest

from automation.effects.notify import NOTIFY
from automation.models import ShadowTrade
from automation.shadowing import record_shadows
from orders.models import Order
from portfolios.ledger import deposit
from tests.automation.making import S, carry_out, executions, fresh, hold, rule, see, telling
from tests.orders.making import NOW, open_desk, quote

pytestmark = pytest.mark.django_db
D = Decimal


def fire(action, price: str, *, after: int) -> None:
    see(price, at=NOW + after * S)
    carry_out(now=NOW + (after + 1) * S)


@pytest.mark.parametrize("mode", ["monitor", "notify"])
def test_a_watching_rule_writes_what_it_would_have_bought(desk, mode) -> None:
    action = rule(desk, mode=mode)
    fire(action, "90", after=1)
    trade = ShadowTrade.objects.get()
    (execution,) = executions(action)
    assert (trade.execution, trade.action, trade.instrument_id) == (execution, action, "AAPL")
    assert (trade.side, trade.quantity, trade.price, trade.fee) == ("buy", D(10), D("90.01"), D(0))
    assert (execution.state, execution.details["shadow"]) == ("succeeded", "traded")
    assert not Order.objects.exists()


def test_automatic_rules_and_messages_cast_no_shadow(desk) -> None:
    rule(desk)
    telling(desk, mode="monitor")
    fire(None, "90", after=1)
    assert not ShadowTrade.objects.exists()
    assert Order.objects.count() == 1


def test_doing_it_twice_keeps_the_first_trade(desk) -> None:
    action = rule(desk, mode="monitor")
    fire(action, "90", after=1)
    first = ShadowTrade.objects.get()
    quote("AAPL", "80", at=NOW + 5 * S)
    (execution,) = executions(action)
    assert record_shadows([execution], now=NOW + 5 * S) == {execution.id: "traded"}
    (done,) = NOTIFY.carry_out([execution], now=NOW + 5 * S)
    assert done.details["shadow"] == "traded"
    assert ShadowTrade.objects.get() == first


def test_without_a_fresh_price_there_is_none_and_it_says_so(desk) -> None:
    action = rule(desk, mode="monitor")
    see("90", at=NOW + S)
    carry_out(now=NOW + 40 * S)
    assert not ShadowTrade.objects.exists()
    assert executions(action)[0].details["shadow"] == "NO_QUOTE"


def test_by_hand_is_no_evidence(desk) -> None:
    from automation import lifecycle

    action = rule(desk, mode="monitor")
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    carry_out(now=NOW + S)
    assert not ShadowTrade.objects.exists()
    assert executions(action)[0].details["shadow"] == "by_hand"


def test_a_limit_offset_that_leads_nowhere_is_no_trade(desk) -> None:
    action = rule(desk, mode="monitor", order_type="limit", limit_offset="-95")
    fire(action, "90", after=1)
    assert executions(action)[0].details["shadow"] == "INVALID_ORDER"


def test_a_holding_is_sold_once_in_shadow_until_the_books_change(desk) -> None:
    hold(desk, quantity="100")
    action = rule(
        desk,
        mode="monitor",
        action_type="SELL",
        percent_of_position="100",
        max_executions=None,
        trigger_params={"threshold": "90"},
    )
    fire(action, "90", after=1)
    fire(action, "95", after=3)
    fire(action, "90", after=5)
    assert [e.details["shadow"] for e in executions(action)] == ["traded", "QTY_INVALID"]
    hold(desk, quantity="20", now=NOW + 6 * S)  # the books change: what is held is what is held
    fire(action, "95", after=7)
    fire(action, "90", after=9)
    assert [trade.quantity for trade in ShadowTrade.objects.order_by("at")] == [D(100), D(120)]


def test_each_portfolio_has_its_own_money(desk, other) -> None:
    deposit(portfolio=other.portfolio, amount=D(100_000), now=NOW)
    mine = rule(desk, mode="monitor", percent_of_equity="10")
    theirs = rule(other, mode="monitor", percent_of_equity="10")
    fire(mine, "90", after=1)
    sizes = dict(ShadowTrade.objects.values_list("action_id", "quantity"))
    assert sizes[theirs.id] > sizes[mine.id] * D("1.9")


def test_a_portfolio_without_an_account_trades_at_no_cost(desk) -> None:
    poor = open_desk("cyd")
    poor.account.delete()
    action = rule(poor, mode="monitor")
    fire(action, "90", after=1)
    assert ShadowTrade.objects.get().price == D("90.01")
    assert fresh(action).status == "completed"
