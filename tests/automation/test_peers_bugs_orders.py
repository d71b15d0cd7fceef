"""Bugs that rule engines of other projects had, each held against this one: sizes, sides, outcomes.

Every docstring names where the bug was reported or read. "Restart" here means: nothing of what is in memory is used
again; whatever the engine needs it reads from its rows (journeys restart real processes).
"""

from __future__ import annotations

import pytest

from alerts.models import Alert
from automation import evaluating, lifecycle, settling, sweeping
from automation.drafts import SIZES
from automation.models import Action
from common.errors import InvalidInput
from markets.quoting import record_ticks
from orders.models import Order
from orders.placing import place, place_many
from orders.submitting import submit_many
from safety.models import SafetyPolicy
from tests.automation.making import (
    D,
    S,
    carry_out,
    executions,
    fresh,
    hold,
    rule,
    see,
    written,
)
from tests.automation.peers import ABOVE, held, tick
from tests.orders.making import NOW, quote
from tests.orders.remote import go_remote

pytestmark = pytest.mark.django_db


# --- sizes and sides
@pytest.mark.parametrize("size", [None, "", "{{amount}}", "all"])
def test_an_unreadable_size_is_refused_not_made_one_share(desk, size):
    """OpenAlgo 2.0.2.1: a variable that could not be resolved became one share at the market."""
    data = {name: value for name, value in written().items() if name not in SIZES}
    with pytest.raises(InvalidInput) as refused:
        lifecycle.create_action(user=desk.user, data={**data, "quantity": size}, now=NOW, actor="ada")
    assert "quantity" in refused.value.errors
    assert not Action.objects.exists()


def test_two_rules_at_once_never_sell_more_than_is_held(desk):
    """QuantConnect/Lean#1751: liquidating oversold; freqtrade#12528, #12824: stops again after the position was closed.
    The two legs of a GTT both ran (OpenAlgo)."""
    hold(desk)
    stop, target = (rule(desk, action_type="SELL", quantity="60", **extra) for extra in ({}, ABOVE))
    record_ticks(ticks=[tick("89", at=NOW + S), tick("111", at=NOW + 2 * S)], now=NOW + 2 * S)  # both in one batch
    quote("AAPL", "100", at=NOW + 3 * S)
    assert evaluating.evaluate_quotes(now=NOW + 3 * S).fired == 2
    carry_out(now=NOW + 3 * S)
    results = sorted(executions(action)[0].state for action in (stop, target))
    assert results == ["blocked", "succeeded"]
    assert held(desk) == 40


def test_of_a_stop_and_a_target_only_one_sells_even_if_both_are_crossed_at_once(desk):
    """OpenAlgo and others: both legs of a GTT or OCO executed."""
    hold(desk)
    whole = {"action_type": "SELL", "percent_of_position": "100", "group": "exit"}
    legs = [rule(desk, **whole), rule(desk, **whole, **ABOVE)]
    record_ticks(ticks=[tick("89", at=NOW + S), tick("111", at=NOW + 2 * S)], now=NOW + 2 * S)
    quote("AAPL", "100", at=NOW + 3 * S)
    evaluating.evaluate_quotes(now=NOW + 3 * S)
    carry_out(now=NOW + 3 * S)
    assert sum(execution.state == "succeeded" for leg in legs for execution in executions(leg)) == 1
    assert held(desk) == 0
    assert Order.objects.filter(state="filled").count() == 1


def test_a_buy_that_has_not_filled_cannot_be_sold(desk):
    """TulevaEE/onboarding-service#1896: an unfilled buy was treated as sellable."""
    hold(desk, quantity="10")
    resting = place(desk.intent(order_type="limit", limit_price=D(95), quantity=D(90)), now=NOW)
    submit_many([resting.pk], now=NOW)
    sale = place(desk.intent(side="sell", quantity=D(50)), now=NOW)
    assert sale.state == "blocked"
    assert "OVERSELL" in {result["code"] for result in sale.verdict}


def test_a_limit_is_measured_at_the_worse_of_quote_and_limit(desk):
    """HKUDS/Vibe-Trading#1361: the cap was measured at the quote and the order filled at its limit: $1,000 through a
    $750 cap."""
    SafetyPolicy.objects.filter(user=desk.user).update(max_order_notional_pct=D(1))  # $1,000
    at_the_limit = desk.intent(order_type="limit", limit_price=D(100), quantity=D("9.9"))
    over_it = desk.intent(order_type="limit", limit_price=D("105"), quantity=D("9.9"))
    fits, too_much = place_many(portfolio_id=desk.portfolio.pk, intents=[at_the_limit, over_it], now=NOW)
    assert fits.state == "queued"
    assert too_much.reason_code == "MAX_ORDER_NOTIONAL"


def test_a_size_below_what_can_be_traded_ends_with_a_reason_and_not_in_a_loop(desk):
    """Thornsnake/MCRBot#18: below the exchange's minimum it should rebalance for ever."""
    hold(desk, quantity="0.000000001")
    action = rule(desk, action_type="SELL", percent_of_position="50")
    for n in range(1, 700, 60):
        quote("AAPL", "89", at=NOW + n * S)
        sweeping.rearm(NOW + n * S)
        evaluating.evaluate_quotes(now=NOW + n * S)
        carry_out(now=NOW + n * S)
    assert fresh(action).status == "failed"
    assert "QTY_INVALID" in fresh(action).status_reason
    assert len(executions(action)) == 3


# --- what is said to have happened
def test_a_rejected_order_is_a_failure_of_its_rule(desk):
    """OpenAlgo 2.0.2.1: a rejected leg let the hedge run and reported success."""
    exchange = go_remote(desk)
    exchange.faults.append("rejected")
    action = rule(desk)
    see("89", at=NOW + S)
    carry_out(now=NOW + S)
    settling.settle(now=NOW + 2 * S)
    (execution,) = executions(action)
    assert (execution.state, fresh(action).status) == ("failed", "active")
    assert Alert.objects.filter(kind="failure").exists()


def test_an_unclear_answer_is_looked_up_and_never_sent_again(desk):
    """bennycode/trading-signals#1178: POST was retried twenty times; TraderAlice/OpenAlice#91: three stops and three
    limits after a failed verification; Kalshi/kalshi-starter-code-python#135: a fresh id at every retry."""
    exchange = go_remote(desk)
    exchange.faults.append("timeout_after")
    action = rule(desk)
    see("89", at=NOW + S)
    carry_out(now=NOW + S)
    assert executions(action)[0].state == "unknown"
    for n in range(2, 30, 5):
        submit_many(list(Order.objects.values_list("pk", flat=True)), now=NOW + n * S)
        settling.settle(now=NOW + n * S)
    assert len(exchange.orders) == len(exchange.posts) == 1
    assert executions(action)[0].state == "running"


def test_the_reason_why_nothing_was_traded_is_on_the_rule(desk):
    """freqtrade#6649, #6810, #8843, #10973, #7648 and OctoBot#1292: "why did it not trade?"; profit-trailer#311: half a
    day's buys blocked by a setting nobody named."""
    SafetyPolicy.objects.filter(user=desk.user).update(max_position_pct=D("0.5"))
    action = rule(desk)
    see("89", at=NOW + S)
    carry_out(now=NOW + S)
    (execution,) = executions(action)
    assert execution.reason_code == "MAX_POSITION"
    assert "AAPL would be 0.89 % of the portfolio" in execution.error
    assert "the limit is 0.5 %" in execution.error
    assert execution.observation["value"] == "89"
