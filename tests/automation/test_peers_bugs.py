"""Bugs that rule engines of other projects had, each held against this one: what fires, and what counts as a price.

Every docstring names where the bug was reported or read. "Restart" here means: nothing of what is in memory is used
again; whatever the engine needs it reads from its rows (journeys restart real processes).
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.models import Alert
from automation import evaluating, lifecycle, observing, settling, sweeping
from automation.models import ActionExecution
from automation.triggers.base import RequestPlan
from automation.triggers.registry import TRIGGERS
from markets.models import Bar, Quote
from markets.quoting import record_ticks
from orders.models import Order
from orders.submitting import submit_many
from tests.automation.making import (
    MINUTE,
    D,
    S,
    bars,
    carry_out,
    examples_stand,
    executions,
    hold,
    rule,
    see,
    telling,
    timers_of,
    watch_of,
)
from tests.automation.peers import TRAIL, held, restart, tick
from tests.orders.making import NOW, quote

pytestmark = pytest.mark.django_db


# --- fires twice, or never
def test_a_spent_rule_is_not_armed_again_by_a_restart(desk):
    """OpenAlgo 2.0.2.1: a spent one-shot alert was armed again on restart. Puffling's first life: level-triggered
    alerts fired again at every poll."""
    action = rule(desk)
    assert see("89", at=NOW + S) == 1
    carry_out(now=NOW + S)
    restart()
    for n in range(2, 6):
        assert see("89", at=NOW + n * S) == 0
        sweeping.sweep(NOW + n * S)
    assert len(executions(action)) == 1
    assert Order.objects.count() == 1
    assert held(desk) == 10


def test_a_message_delivered_twice_fires_and_trades_once(desk):
    """celery/kombu#337, celery#3270: Redis delivers long or delayed tasks again. OpenAlgo 2.0.2.1: a race of two runs
    past the duplicate guard."""
    rule(desk)
    quote("AAPL", "89", at=NOW + S)
    assert [evaluating.evaluate_quotes(now=NOW + S).fired for _ in range(3)] == [1, 0, 0]
    assert [carry_out(now=NOW + S) for _ in range(3)] == [1, 0, 0]
    execution = ActionExecution.objects.get()
    for _ in range(3):
        settling.settle([execution.id], now=NOW + 2 * S)
        submit_many(list(Order.objects.values_list("pk", flat=True)), now=NOW + 2 * S)
    assert Order.objects.count() == 1
    assert held(desk) == 10


def test_every_one_of_forty_rules_fires_in_one_batch(desk):
    """OpenAlgo 2.0.2.1: forty of forty one-shot alerts that were due together were dropped."""
    made = [telling(desk, trigger_params={"threshold": str(90 + n / 10)}) for n in range(40)]
    assert see("85", at=NOW + S) == 40
    assert carry_out(now=NOW + S) == 40
    assert all(len(executions(action)) == 1 for action in made)
    assert Alert.objects.filter(kind="firing").count() == 40


def test_a_condition_that_stays_true_buys_once_not_at_every_look(desk):
    """Puffling's first life: the strategy runner bought a share on every run while its signal stayed positive."""
    rule(desk, max_executions=None)
    for n in range(1, 6):
        see("85", at=NOW + n * S)
        carry_out(now=NOW + n * S)
    assert held(desk) == 10
    see("95", at=NOW + 6 * S)
    see("85", at=NOW + 7 * S)
    carry_out(now=NOW + 7 * S)
    assert held(desk) == 20


def test_a_dip_between_two_looks_is_not_missed(desk):
    """Rules polled every 10 to 30 seconds (this project's seed) never see what happened in between; freqtrade#11725: a
    signal was missed."""
    action = rule(desk)
    record_ticks(
        ticks=[tick("95", at=NOW + S), tick("89", at=NOW + 2 * S), tick("96", at=NOW + 3 * S)], now=NOW + 3 * S
    )
    assert evaluating.evaluate_quotes(now=NOW + 3 * S).fired == 1
    assert executions(action)[0].observation["value"] == "89"


def test_a_once_flag_survives(desk):
    """OctoBot: "once" lived in memory only."""
    action = rule(desk, max_executions=2)
    for n, price in enumerate(["89", "95", "89", "95", "89", "95", "89"], start=1):
        restart()
        see(price, at=NOW + n * S)
    assert len(executions(action)) == 2
    assert watch_of(action).phase == 0


def test_every_type_that_can_be_chosen_is_watched_by_the_engine(desk):
    """OpenAlgo 2.0.2.1: the page offered conditions the engine did not know: the alert never fired and its run said
    completed."""
    examples_stand(desk)
    for kind, trigger in TRIGGERS.items():
        action = telling(desk, trigger_type=kind, trigger_params=trigger.example)
        if isinstance(trigger.plan(action.trigger_params, "AAPL"), RequestPlan):
            assert kind == "webhook"  # waits for a call from outside: tests/automation/hooks
            continue
        waits = "fire" in timers_of(action.id) or watch_of(action).phase != 0
        assert waits, kind


# --- what counts as a price
@pytest.mark.parametrize(
    "changes",
    [
        {"price": "0"},
        {"price": "NaN"},
        {"price": "-5"},
        {"price": "Infinity"},
        {"bid": D(86), "ask": D(84)},  # crossed
        {"session": "extended"},
        {"at": NOW + 60 * S},  # from the future
    ],
)
def test_what_is_no_price_fires_nothing_and_sells_nothing(desk, changes):
    """profit-trailer#480, #1321 and QuantConnect/Lean#2762: stops fired on prints that were no prices."""
    hold(desk)
    made = [rule(desk), rule(desk, action_type="SELL"), rule(desk, action_type="SELL", **TRAIL)]
    see("100", at=NOW + S)
    record_ticks(ticks=[tick(**{"price": "85", "at": NOW + 2 * S, **changes})], now=NOW + 2 * S)
    assert evaluating.evaluate_quotes(now=NOW + 2 * S).fired == 0
    assert not any(executions(action) for action in made)


def test_a_stale_price_fires_nothing_and_prices_no_order(desk):
    """QuantConnect/Lean#2762, PR#7071, #9535: orders priced on stale data. OpenAlgo's sandbox used another price when
    a quote was older than 30 s."""
    action = rule(desk)
    record_ticks(ticks=[tick("85", at=NOW)], now=NOW)
    assert evaluating.evaluate_quotes(now=NOW + timedelta(minutes=3)).fired == 0
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW + timedelta(minutes=3), actor="ada")
    carry_out(now=NOW + timedelta(minutes=3))
    assert executions(action)[0].reason_code == "QUOTE_STALE"
    assert held(desk) == 0


def test_a_missing_price_is_never_replaced_by_a_number(desk):
    """Puffin 6474ed4: a missing price fell back to 100.0, and a failed read looked like an empty account."""
    Quote.objects.all().delete()
    action = rule(desk, trigger_params={"threshold": "150"})
    assert evaluating.evaluate_quotes(now=NOW).fired == 0
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW, actor="ada")
    carry_out(now=NOW)
    (execution,) = executions(action)
    assert execution.state == "blocked"
    assert held(desk) == 0


def test_prices_out_of_order_move_no_peak_and_fire_nothing(desk):
    """OpenAlgo#932 and Lean.Brokerages.Alpaca#41: late and doubled events were taken for new ones."""
    stop = telling(desk, **TRAIL)
    see("100", at=NOW + 5 * S)
    record_ticks(ticks=[tick("200", at=NOW + S), tick("50", at=NOW + 2 * S)], now=NOW + 6 * S)
    assert evaluating.evaluate_quotes(now=NOW + 6 * S).fired == 0
    assert see("91", at=NOW + 7 * S) == 0
    assert see("90", at=NOW + 8 * S) == 1
    assert len(executions(stop)) == 1


def test_a_price_of_another_symbol_fires_nothing(desk):
    """OctoBot: the price callback did not filter by symbol."""
    action = rule(desk)
    assert see("50", at=NOW + S, symbol="MSFT") == 0
    assert not executions(action)


def test_close_to_a_level_is_not_a_cross_and_an_unknown_past_is_not_one_side(desk):
    """OpenAlgo: within 0.1 % of the level counted as crossing; without a previous price "crossing" became "above"."""
    see("111", at=NOW)
    action = telling(desk, trigger_type="price_above", trigger_params={"threshold": "110", "edge": "cross"})
    assert see("111", at=NOW + S) == 0  # already above when first seen
    assert see("109.95", at=NOW + 2 * S) == 0
    assert see("109.99", at=NOW + 3 * S) == 0
    assert see("110", at=NOW + 4 * S) == 1
    assert len(executions(action)) == 1


def test_an_unfinished_bar_crosses_nothing(desk):
    """freqtrade's FAQ: signals on unfinished candles repaint."""
    action = telling(desk, trigger_type="ma_cross", trigger_params={"short": 2, "long": 3, "timeframe": "1m"})
    bars("AAPL", "1m", NOW, [10, 10, 10, 10])
    bars("AAPL", "1m", NOW + MINUTE, [99])  # this minute goes on
    assert observing.observe(now=NOW + MINUTE + 30 * S) == 0
    Bar.objects.filter(instrument_id="AAPL", at=NOW + MINUTE).delete()
    bars("AAPL", "1m", NOW + MINUTE, [10])  # it fell back before its end
    assert observing.observe(now=NOW + 2 * MINUTE + 4 * S) == 0
    assert not executions(action)


def test_a_change_is_from_the_named_base_not_from_the_last_look(desk):
    """OpenAlgo: "moving up 5 percent" compared with the last poll."""
    action = telling(desk, trigger_type="change_pct", trigger_params={"change": "5", "direction": "up"})
    for n in range(1, 6):  # +1 % at every look, from a close of 100
        price = D(100) + n
        record_ticks(ticks=[tick(str(price), at=NOW + n * S, prev_close=D(100))], now=NOW + n * S)
        assert evaluating.evaluate_quotes(now=NOW + n * S).fired == (n == 5)
    assert len(executions(action)) == 1


def test_a_split_is_looked_at_by_a_person_before_anything_is_sold(desk):
    """alpacahq/alpaca-py#469: NVDA's ten for one left the prices of a bracket as they were: sold at the open.
    QuantConnect/Lean#6933."""
    hold(desk)
    action = rule(desk, action_type="SELL")
    record_ticks(
        ticks=[tick("10", at=NOW + S, prev_close=D(100), bid=D("9.99"), ask=D("10.01"))],
        now=NOW + S,
    )
    assert evaluating.evaluate_quotes(now=NOW + S).fired == 1
    carry_out(now=NOW + S)
    (execution,) = executions(action)
    assert (execution.state, execution.reason_code) == ("awaiting_approval", "PRICE_JUMP")
    assert held(desk) == 100
