"""Why didn't it trade? Every status and every phase has its answer, and what stopped a rule last is never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from automation import lifecycle, sweeping
from automation.evaluating import evaluate_quotes
from automation.models import Action, ActionStatus
from automation.why import why_not
from markets import calendar
from markets.models import Instrument, MarketSession, Quote
from safety import switch
from safety.models import SafetyPolicy
from tests.automation.making import MINUTE, S, carry_out, fresh, rule, see, telling
from tests.orders.making import NOW, quote
from watches.models import Phase, Watch

pytestmark = pytest.mark.django_db
AT = NOW + 10 * S


def why(action, *, now=AT):
    return why_not(fresh(action), now=now)


def armed(desk):
    return rule(desk)


def paused(desk):
    action = rule(desk)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW + S, actor="ada")
    return action


def cancelled(desk):
    action = rule(desk)
    lifecycle.cancel(user=desk.user, action_id=action.id, now=NOW + S, actor="ada")
    return action


def expired(desk):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(status="expired", status_reason="valid until 2026-11-20 14:00 UTC")
    return action


def completed(desk):
    action = rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    return action


def gave_up(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"], failures_before_review=1)
    action = rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + S)
    return action


def not_begun(desk):
    return rule(desk, valid_from=(NOW + MINUTE).isoformat())


def only_records(desk):
    return rule(desk, mode="monitor")


def only_tells(desk):
    return telling(desk)


def just_fired(desk):
    action = rule(desk)
    see("90", at=NOW + S)
    return action


def awaits_approval(desk):
    action = just_fired(desk)
    action.executions.update(state="awaiting_approval")
    return action


def unknown_outcome(desk):
    action = just_fired(desk)
    action.executions.update(state="unknown")
    return action


def held_by_group(desk):
    action = rule(desk, group="exit")
    Action.objects.filter(id=action.id).update(held_by=action.id)
    return action


def waits_for_other_side(desk):
    see("89", at=NOW + S)
    return rule(desk, trigger_params={"threshold": "90", "edge": "cross"})


def came_not_back(desk):
    action = rule(desk, max_executions=3)
    see("90", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    return action


def cooling(desk):
    action = rule(desk, max_executions=3, cooldown_seconds=60)
    see("90", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    see("91", at=NOW + 3 * S)
    return action


def denied(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    action = rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + S)
    return action


def waits_for_activation(desk):
    see("100", at=NOW + S)
    return rule(desk, trigger_type="trailing_stop", trigger_params={"percent": "5", "activation_price": "120"})


def waits_for_first_price(desk):
    Quote.objects.update(dirty=False)
    return rule(desk, trigger_type="trailing_stop", trigger_params={"percent": "5"})


def waits_for_time(desk):
    return rule(desk, trigger_type="time_of_day", trigger_params={"time": "10:30"})


def nobody_watches(desk):
    action = rule(desk)
    Watch.objects.filter(owner_id=action.id).update(phase=Phase.OFF)
    return action


def without_price(desk):
    action = rule(desk)
    Quote.objects.all().delete()
    return action


def with_unknown_value(desk):
    return rule(desk, trigger_type="change_pct", trigger_params={"change": "5", "window": "5d", "direction": "down"})


def already_true(desk):
    see("89", at=NOW + S)
    return rule(desk, now=NOW + 2 * S)


def holds(desk):
    action = rule(desk, trigger_params={"threshold": "90", "for_seconds": 60})
    see("89", at=NOW + S)
    return action


def has_held(desk):
    action = rule(desk, trigger_params={"threshold": "90", "for_seconds": 5})
    see("89", at=NOW + S)
    sweeping.rearm(NOW + 7 * S)
    return action


MSFT_AT_420 = [{"trigger_type": "price_above", "trigger_params": {"threshold": "420"}, "symbol": "MSFT"}]


def condition_not_met(desk):
    action = rule(desk, conditions=MSFT_AT_420)
    see("89", at=NOW + S)
    return action


def condition_not_met_after_holding(desk):
    action = rule(desk, trigger_params={"threshold": "90", "for_seconds": 2}, conditions=MSFT_AT_420)
    see("89", at=NOW + S)
    see("89", at=NOW + 4 * S)
    return action


SITUATIONS = {
    armed: ("not_reached", "AAPL is at 100.00 and has not reached 90.00, 10 % away."),
    paused: ("paused", "It is paused, so nobody watches its trigger."),
    cancelled: ("cancelled", "It was cancelled at 2026-11-20 15:00:01 UTC."),
    expired: ("expired", "Its time is over (valid until 2026-11-20 14:00 UTC); it had 0 of 1 executions."),
    completed: (
        "completed",
        "It has done all it was made for: 1 of 1 executions, the last at 2026-11-20 15:00:01 UTC.",
    ),
    gave_up: ("failed", "It stopped because too many of its executions in a row came to nothing (RULE_NEEDS_REVIEW"),
    not_begun: ("not_begun", "It has not begun: it is watched from 2026-11-20 15:01:00 UTC."),
    only_records: ("mode", "It never trades, because its mode is Monitor: it only records its firings. AAPL is at"),
    only_tells: ("not_reached", "It only tells you something and never trades. AAPL is at 100.00"),
    just_fired: ("under_way", "It fired at 2026-11-20 15:00:01 UTC, and is being carried out."),
    awaits_approval: (
        "awaiting_approval",
        "It fired at 2026-11-20 15:00:01 UTC, and its order waits for your approval.",
    ),
    unknown_outcome: ("unknown_outcome", "It fired at 2026-11-20 15:00:01 UTC, but the broker has not said clearly"),
    held_by_group: ("held", "Another rule of its group 'exit' fired first, and its outcome is awaited."),
    waits_for_other_side: ("waits_for_other_side", "It fires only when its level is crossed, and the other side"),
    came_not_back: ("waits_to_come_back", "It has fired, and what it watches has not come back since"),
    cooling: ("cooling", "It has fired and is cooling down until 2026-11-20 15:01:01 UTC."),
    denied: ("retry", "Fired, but not traded: the safety gate denied the order: "),
    holds: (
        "holding",
        "Its trigger is true, but has not been so for long enough: it must stay so until 2026-11-20 15:01:01",
    ),
    has_held: ("held_long_enough", "Its trigger has been true for long enough, and no price has confirmed since"),
    condition_not_met: (
        "retry",
        "AAPL 89.00 is at or below 90.00: not fired: the condition 'MSFT is at or above $420' was not met (it is 100).",
    ),
    condition_not_met_after_holding: (
        "retry",
        "AAPL 89.00 is at or below 90.00: not fired: the condition 'MSFT is at or above $420' was not met (it is 100).",
    ),
    waits_for_activation: ("waits_for_activation", "Its stop does not follow the price yet: waits for the activation"),
    waits_for_first_price: ("waits_for_first_price", "It measures from the first usable price, and none has come yet."),
    waits_for_time: ("waits_for_time", "Its time has not come: the next one is 2026-11-20 15:30:00 UTC."),
    nobody_watches: ("not_watched", "Nobody watches its trigger."),
    without_price: ("no_price", "No price of AAPL has been seen yet."),
    with_unknown_value: ("unknown_value", "The value it watches for AAPL is not known yet."),
    already_true: ("due_now", "Its trigger is true now: it fires with the next look at the price."),
}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_every_situation_has_its_answer(desk, situation):
    code, text = SITUATIONS[situation]
    found = why(situation(desk))
    assert (found.code, found.answer[: len(text)]) == (code, text)
    assert found.needed
    assert all(sentence.endswith((".", "…")) for sentence in (found.answer, found.needed, *found.more)), found
    assert len(found.more) <= 4


def test_the_table_has_every_status_and_every_phase(desk):
    statuses, phases = set(), set()
    for situation in SITUATIONS:
        with transaction.atomic():
            action = situation(desk)
            statuses.add(fresh(action).status)
            phases |= set(Watch.objects.filter(owner_id=action.id).values_list("phase", flat=True))
            transaction.set_rollback(True)
    assert statuses == set(ActionStatus)
    assert phases == set(Phase)


def test_what_stopped_it_is_told_until_it_trades(desk):
    action = denied(desk)
    stop = why(action).answer
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=[])
    at = NOW + 62 * S
    quote("AAPL", "95", at=at)
    sweeping.rearm(at)
    evaluate_quotes(now=at)
    waiting = why(action, now=at)
    assert waiting.code == "not_reached"
    assert waiting.more[0] == f"At 2026-11-20 15:00:01 UTC: {stop}"
    see("90", at=at + S)
    carry_out(now=at + 2 * S)
    assert not any("denied" in sentence for sentence in why(action, now=at + 3 * S).more)


def test_the_kill_switch_and_a_halt_are_told_to_rules_that_trade(desk):
    action, only_telling = rule(desk), telling(desk)
    switch.Switch.objects.filter(user=desk.user).update(trading_state="halted")
    assert "Trading is halted: if it fired now, its order would be denied." in why(action).more
    switch.Switch.objects.filter(user=desk.user).update(killed=True)
    assert "The kill switch is on for your account: if it fired now, its order would be denied." in why(action).more
    assert not any("kill" in sentence for sentence in why(only_telling).more)


def test_a_closed_market_is_the_answer_and_says_when_it_opens(desk):
    calendar.ensure_exchanges()
    sessions = [
        MarketSession(exchange_id="XNYS", date=day.date(), opens_at=day, closes_at=day + timedelta(hours=6))
        for day in (NOW - timedelta(days=1), NOW + timedelta(days=1))
    ]
    MarketSession.objects.bulk_create(sessions)
    calendar.forget()
    Instrument.objects.filter(symbol="AAPL").update(exchange="XNYS")
    found = why(rule(desk))
    assert found.code == "market_closed"
    assert found.answer.endswith("there is no price to act on. It opens at 2026-11-21 15:00:00 UTC.")


def test_a_stale_price_is_the_answer(desk):
    found = why(rule(desk), now=NOW + timedelta(minutes=10))
    assert (found.code, found.answer) == ("stale_price", "The last price of AAPL is too old to act on.")


def test_what_was_seen_lately_is_part_of_the_answer(desk):
    from tests.automation.making import bars

    action = rule(desk)
    bars("AAPL", "1m", NOW + 9 * MINUTE, ["90.1", *[95] * 9])
    quote("AAPL", "95", at=NOW + 10 * MINUTE)
    found = why(action, now=NOW + 10 * MINUTE)
    assert found.more[-1] == "Watched 10 minutes of AAPL: low 90.10, high 95.00, nearest 0.10 (0.1 %) from 90.00."
    assert found.watched[0].minutes == 10


def test_an_answer_costs_the_same_whatever_the_history(desk):
    action = rule(desk, max_executions=None)
    with CaptureQueriesContext(connection) as young:
        why(action)
    for second in range(1, 9):
        see("90" if second % 2 else "91", at=NOW + second * S)
        carry_out(now=NOW + second * S)
    with CaptureQueriesContext(connection) as old:
        why(action)
    assert len(old) <= len(young) <= 16
