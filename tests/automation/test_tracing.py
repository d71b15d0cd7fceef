"""The rows a rule leaves: which, with which sentence, and how few statements they cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from automation import clockwork, lifecycle, sweeping, trace_limits, trace_watches, tracing
from automation.drafts import Draft
from automation.evaluating import evaluate_quotes
from automation.models import Action, Trace
from automation.trace_kinds import LABELS, Kind
from automation.trace_limits import ConditionSeen
from orders.models import Order
from safety.models import SafetyPolicy
from tests.automation.making import MINUTE, D, S, carry_out, executions, fresh, hold, rule, see, telling, written
from tests.orders.making import NOW, quote
from watches import crossing, machine
from watches.models import Watch

pytestmark = pytest.mark.django_db


def told(action) -> list[tuple[str, str]]:
    """The rule's history, oldest first."""
    return list(Trace.objects.filter(action=action).order_by("id").values_list("kind", "line"))


def test_the_life_of_a_rule_reads_like_a_story(desk):
    action = rule(desk, max_executions=2, cooldown_seconds=60)
    see("89.9", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    see("91", at=NOW + 3 * S)
    sweeping.rearm(NOW + 62 * S)
    lifecycle.pause(user=desk.user, action_id=action.id, now=NOW + 70 * S, actor="ada")
    lifecycle.resume(user=desk.user, action_id=action.id, now=NOW + 80 * S, actor="ada")
    lifecycle.update_action(user=desk.user, action_id=action.id, changes={"notes": "x"}, now=NOW + 90 * S, actor="ada")
    lifecycle.execute_now(user=desk.user, action_id=action.id, now=NOW + 95 * S, actor="ada")
    assert told(action) == [
        ("created", "Made by ada: Buy 10 AAPL when AAPL is at or below $90, at most 2 times, not again within 1 min."),
        ("armed", "Watched from now on: fires when AAPL is at or below $90"),
        (
            "fired",
            "AAPL 89.90 is at or below 90.00: fired; before it can fire again it must come back above 90.00,"
            " not before 2026-11-20 15:01:01 UTC",
        ),
        ("done", "Buy 10 AAPL: carried out, execution 1 of 2"),
        ("cooling", "AAPL 91.00 is back above 90.00; not armed yet: cooling down until 2026-11-20 15:01:01 UTC"),
        ("rearmed", "The cooldown is over: armed again"),
        ("paused", "Paused by ada"),
        ("resumed", "Resumed by ada"),
        ("armed", "Watched from now on: fires when AAPL is at or below $90"),
        ("edited", "Edited by ada: notes"),
        ("by_hand", "Executed now by ada, without waiting for the trigger"),
    ]


def test_a_firing_its_order_and_its_end_are_one_trace(desk):
    action = rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    (execution,) = executions(action)
    fired, completed = Trace.objects.filter(action=action, kind__in=["fired", "completed"]).order_by("id")
    order = Order.objects.get(trace_id=execution.trace_id)
    assert fired.data["trace_id"] == completed.data["trace_id"] == str(order.trace_id)
    assert (fired.epoch, completed.epoch) == (1, 1)
    assert completed.data["order"] == str(order.id)
    assert completed.line == "Buy 10 AAPL: carried out, execution 1 of 1: the rule is completed"


def test_a_denial_names_the_check_and_its_values_and_when_it_tries_again(desk):
    hold(desk, quantity="10")
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    action = rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + S)
    denied, retry = Trace.objects.filter(action=action).order_by("id")[3:]
    assert (denied.kind, retry.kind) == ("denied", "retry_set")
    assert denied.line.startswith("Fired, but not traded: the safety gate denied the order: ")
    assert denied.data["check"] == "symbol_allowed"
    assert denied.data["code"] == executions(action)[0].reason_code
    assert denied.data["values"]["symbol"] == "AAPL"
    assert retry.line == "Tries again on the same level at 2026-11-20 15:01:01 UTC"


def test_a_rule_that_gave_up_says_so(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"], failures_before_review=1)
    action = rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + S)
    kinds = [kind for kind, _ in told(action)]
    assert kinds[-2:] == ["denied", "stopped"]


def test_a_clock_trigger_tells_its_times_its_firings_and_what_it_missed(desk):
    action = telling(desk, trigger_type="time_of_day", trigger_params={"time": "10:30"}, max_executions=None)
    due = fresh(action).next_evaluation_at
    clockwork.run_due(now=due + 7 * S)
    missed = fresh(action).next_evaluation_at
    clockwork.run_due(now=missed + timedelta(hours=1))
    assert told(action)[1:] == [
        ("scheduled", "Its next time is 2026-11-20 15:30:00 UTC"),
        ("clock_due", "It was time (2026-11-20 15:30:00 UTC): fired, 7 s late"),
        ("scheduled", f"Its next time is {missed:%Y-%m-%d %H:%M:%S} UTC"),
        (
            "missed",
            f"Its time {missed:%Y-%m-%d %H:%M:%S} UTC passed while Puffling was not running: skipped, as the rule says",
        ),
        ("scheduled", f"Its next time is {fresh(action).next_evaluation_at:%Y-%m-%d %H:%M:%S} UTC"),
    ]


def test_an_expired_and_a_cancelled_rule(desk):
    ended = telling(desk, valid_until=(NOW + MINUTE).isoformat())
    clockwork.run_due(now=NOW + 2 * MINUTE)
    assert told(ended)[-1] == ("expired", "Its time is over: valid until 2026-11-20 15:01 UTC")
    gone = telling(desk)
    lifecycle.cancel(user=desk.user, action_id=gone.id, now=NOW, actor="ada (admin)")
    assert told(gone)[-1] == ("cancelled", "Cancelled by ada (admin)")


def test_a_hit_nobody_stands_behind_says_why_and_leaves_one_row_however_often(desk):
    action = rule(desk)
    Action.objects.filter(id=action.id).update(status="paused")
    for second in (1, 2, 3):
        Watch.objects.filter(owner_id=action.id).update(phase=machine.ARMED, scan=-1)  # as if it were left behind
        see("89.9", at=NOW + second * S)
    row = Trace.objects.filter(action=action).latest("id")
    assert (row.kind, row.count, row.at, row.last_at) == ("stale", 3, NOW + S, NOW + 3 * S)
    assert row.line == "AAPL 89.90 is at or below 90.00: not fired: the rule is paused"


def test_a_denied_rule_that_tries_again_leaves_no_entry_for_the_wait_that_is_over(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    action = rule(desk)
    see("90", at=NOW + S)
    carry_out(now=NOW + S)
    quote("AAPL", "90", at=NOW + 61 * S)
    sweeping.rearm(NOW + 61 * S)
    evaluate_quotes(now=NOW + 61 * S)
    assert [kind for kind, _ in told(action)[2:]] == ["fired", "denied", "retry_set", "fired"]


def test_equal_ones_count_only_in_a_row_and_for_the_same_reason(desk):
    action = telling(desk)

    def write(kind, code, second):
        tracing.write(
            [
                tracing.Entry(
                    action_id=action.id, kind=kind, at=NOW + second * S, epoch=1, line=f"{code}", data={"code": code}
                )
            ]
        )

    Trace.objects.all().delete()
    for second, (kind, code) in enumerate(
        [(Kind.HELD, "a"), (Kind.HELD, "a"), (Kind.HELD, "b"), (Kind.PRIMED, "b"), (Kind.HELD, "b"), (Kind.PRIMED, "b")]
    ):
        write(kind, code, second)
    rows = Trace.objects.order_by("id").values_list("kind", "count")
    assert list(rows) == [("held", 2), ("held", 1), ("primed", 1), ("held", 1), ("primed", 1)]


def test_one_batch_keeps_its_own_order_and_does_not_count_across_it(desk):
    action = telling(desk)
    Trace.objects.all().delete()
    entries = [
        tracing.Entry(action_id=action.id, kind=kind, at=NOW, epoch=1, line=kind)
        for kind in (Kind.HELD, Kind.RELEASED, Kind.HELD)
    ]
    tracing.write(entries[:1])
    tracing.write(entries)
    assert list(Trace.objects.order_by("id").values_list("kind", "count")) == [
        ("held", 2), ("released", 1), ("held", 1),
    ]  # fmt: skip


def test_a_price_found_too_late_is_told_and_fires_nothing(desk):
    action = rule(desk)
    quote("AAPL", "89", at=NOW + S)  # nobody evaluates for two minutes
    assert evaluate_quotes(now=NOW + 130 * S).fired == 0
    assert told(action)[-1] == (
        "quote_too_old",
        "AAPL 89.00 was at or below 90.00, but that price is from 2026-11-20 15:00:01 UTC:"
        " too old to act on, not fired",
    )
    assert evaluate_quotes(now=NOW + 140 * S).claimed == 0
    assert len(told(action)) == 3


@pytest.mark.parametrize(
    ("trigger", "params", "prices", "line"),
    [
        ("trailing_stop", {"percent": "5"}, ["100"], "The stop follows AAPL from $100.00"),
        (
            "trailing_stop",
            {"amount": "5", "activation_price": "110"},
            ["100", "112"],
            "AAPL $112.00 reached the activation price $110.00: the stop follows from here",
        ),
        (
            "trailing_stop",
            {"percent": "5"},
            ["100", "94"],
            "AAPL's way from its best price, 6 % is at or above 5 %: fired",
        ),
        (
            "change_pct",
            {"change": "3", "window": "since_armed", "direction": "down"},
            ["100", "96.5"],
            "AAPL moved by -3.5 % is at or below -3 %: fired",
        ),
        (
            "change_pct",
            {"change": "3", "window": "since_armed"},
            ["100"],
            "AAPL $100.00 is the price its change is measured from",
        ),
        (
            "price_above",
            {"threshold": "105", "edge": "cross"},
            ["100"],
            "AAPL 100.00 is on the other side: from now on it fires when it is at or above 105.00",
        ),
    ],
)
def test_lines_of_other_triggers(desk, trigger, params, prices, line):
    action = telling(desk, trigger_type=trigger, trigger_params=params)
    for second, price in enumerate(prices, 1):
        see(price, at=NOW + second * S)
    assert told(action)[-1][1] == line


def test_the_extreme_that_fired_and_where_the_price_is_now(desk):
    action = rule(desk)
    quote("AAPL", "89.5", at=NOW + S)
    see("95", at=NOW + 2 * S)
    assert told(action)[-1][1] == "AAPL reached 89.50 (now 95.00), at or below 90.00: fired"


# --- what is ready for conditions, holding and groups
def test_conditions_that_do_not_hold_or_are_not_known(desk):
    action = rule(desk)
    hit = hit_of(action)
    seen = [ConditionSeen(sentence="RSI is at or below 30", holds=True, value="28")]
    false = ConditionSeen(sentence="MSFT is at or above $420", holds=False, value="MSFT 410.00")
    unknown = ConditionSeen(sentence="NVDA is at or above $1", holds=None)
    trace_limits.conditions_not_met([(hit, action, [*seen, unknown, false])], now=NOW + S)
    trace_limits.conditions_not_met([(hit, action, [*seen, unknown, false])], now=NOW + 2 * S)
    trace_limits.conditions_not_met([(hit, action, [*seen, unknown])], now=NOW + 3 * S)
    assert told(action)[2:] == [
        (
            "condition_false",
            "AAPL 89.00 is at or below 90.00: not fired: the condition 'MSFT is at or above $420' was not met"
            " (MSFT 410.00)",
        ),
        (
            "condition_unknown",
            "AAPL 89.00 is at or below 90.00: not fired: it is not known whether NVDA is at or above $1"
            " (no usable data)",
        ),
    ]
    assert Trace.objects.get(kind="condition_false").count == 2


def test_holding_and_a_hold_that_breaks(desk):
    action = rule(desk)
    hit = hit_of(action)
    until = NOW + 61 * S
    trace_limits.holding([(hit, replace(hit.state(), phase=8, rearm_at=until), 60)], now=NOW + S)
    held = replace(hit, phase=8, rearm_at=until, value=D(91), last=D(91))
    broken = crossing.Outcome(fired=[], armed=[hit.watch_id], cooled=[], holding=[], references=[])
    trace_watches.flips([held], broken, now=NOW + 13 * S)
    assert told(action)[2:] == [
        (
            "holding",
            "AAPL 89.00 is at or below 90.00: fires if it stays so for 60 s, until 2026-11-20 15:01:01 UTC",
        ),
        (
            "hold_broken",
            "AAPL 91.00 came back before 2026-11-20 15:01:01 UTC: it did not hold long enough, not fired",
        ),
    ]


def test_a_group_holds_releases_and_ends_its_members(desk):
    action = rule(desk, group="exit")
    by = action.id
    trace_limits.held([action], now=NOW)
    trace_limits.released([action], by=by, now=NOW)
    trace_limits.cancelled_by_group([action], by=by, now=NOW)
    assert [kind for kind, _ in told(action)[2:]] == ["held", "released", "cancelled"]


MSFT_AT_420 = [{"trigger_type": "price_above", "trigger_params": {"threshold": "420"}, "symbol": "MSFT"}]


def test_the_engine_tells_of_holds_that_break_and_of_one_that_lasts(desk):
    action = rule(desk, trigger_params={"threshold": "90", "for_seconds": 60})
    see("89", at=NOW + S)
    see("91", at=NOW + 13 * S)
    see("89", at=NOW + 20 * S)
    assert see("89", at=NOW + 81 * S) == 1
    assert told(action)[2:] == [
        ("holding", "AAPL 89.00 is at or below 90.00: fires if it stays so for 60 s, until 2026-11-20 15:01:01 UTC"),
        ("hold_broken", "AAPL 91.00 came back before 2026-11-20 15:01:01 UTC: it did not hold long enough, not fired"),
        ("holding", "AAPL 89.00 is at or below 90.00: fires if it stays so for 60 s, until 2026-11-20 15:01:20 UTC"),
        ("fired", "AAPL 89.00 is at or below 90.00: fired"),
    ]


def test_the_engine_tells_of_a_condition_that_is_in_the_way_once_and_counts(desk):
    action = rule(desk, conditions=MSFT_AT_420)
    see("89", at=NOW + S)
    see("89", at=NOW + 40 * S)
    line = (
        "AAPL 89.00 is at or below 90.00: not fired: the condition 'MSFT is at or above $420' was not met (it is 100)"
    )
    assert told(action)[2:] == [("condition_false", line)]
    assert Trace.objects.get(kind="condition_false").count == 2


def test_a_clock_whose_condition_is_not_met_or_not_known(desk):
    at_ten = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:30"}, "max_executions": None}
    action = telling(desk, conditions=MSFT_AT_420, **at_ten)
    due = fresh(action).next_evaluation_at
    quote("MSFT", "100", at=due)
    clockwork.run_due(now=due + S)
    clockwork.run_due(now=fresh(action).next_evaluation_at + S)
    assert [row for row in told(action) if row[0].startswith("condition")] == [
        (
            "condition_false",
            "It was time (2026-11-20 15:30:00 UTC): not fired: the condition 'MSFT is at or above $420' was not met"
            " (it is 100)",
        ),
        (
            "condition_unknown",
            "It was time (2026-11-21 15:30:00 UTC): not fired: it is not known whether MSFT is at or above $420"
            " (no usable price of MSFT is known)",
        ),
    ]


def test_the_engine_tells_every_member_of_a_group_what_became_of_it(desk):
    hold(desk, quantity="10")
    exits = {"action_type": "SELL", "quantity": "10", "group": "exit"}
    target = rule(desk, trigger_type="price_above", trigger_params={"threshold": "110"}, **exits)
    stop = rule(desk, now=NOW + S / 10, **exits)
    see("110", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    assert [kind for kind, _ in told(target)] == ["created", "armed", "fired", "completed"]
    assert told(stop)[2:] == [
        ("held", "Not fired: another rule of the group 'exit' fired first, and its outcome is awaited"),
        ("cancelled", "Cancelled: another rule of the group 'exit' was executed"),
    ]


def test_a_group_whose_firing_is_denied_is_watched_again(desk):
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    hold(desk, quantity="10")
    exits = {"action_type": "SELL", "quantity": "10", "group": "exit"}
    target = rule(desk, trigger_type="price_above", trigger_params={"threshold": "110"}, **exits)
    stop = rule(desk, now=NOW + S / 10, **exits)
    see("110", at=NOW + S)
    carry_out(now=NOW + 2 * S)
    assert [kind for kind, _ in told(target)][2:] == ["fired", "denied", "retry_set"]
    assert told(stop)[2:] == [
        ("held", "Not fired: another rule of the group 'exit' fired first, and its outcome is awaited"),
        ("released", "The other rule of the group 'exit' came to nothing: this one is watched again"),
        ("armed", "Watched from now on: fires when AAPL is at or below $90"),
    ]


def test_many_rules_made_at_once_are_told_of_in_two_statements(desk):
    drafts = [Draft(user=desk.user, raw=written(quantity=str(n)), now=NOW).check() for n in range(1, 6)]
    with CaptureQueriesContext(connection) as captured:
        actions = lifecycle.create_many(user=desk.user, drafts=drafts, now=NOW, actor="ada")
    assert (
        sum('INSERT INTO "automation_trace"' in q["sql"] or "INTO automation_trace" in q["sql"] for q in captured) == 2
    )
    assert all([kind for kind, _ in told(action)] == ["created", "armed"] for action in actions)


def test_a_time_run_late_as_the_rule_says(desk):
    action = telling(
        desk, trigger_type="time_of_day", trigger_params={"time": "10:30"}, max_executions=None,
        missed_policy="run_late", run_late_minutes=90,
    )  # fmt: skip
    due = fresh(action).next_evaluation_at
    clockwork.run_due(now=due + timedelta(hours=1))
    assert told(action)[2] == ("clock_due", "It was time (2026-11-20 15:30:00 UTC): fired, 3600 s late")
    row = Trace.objects.get(kind="clock_due")
    assert tracing.replay(row) == row.data["decision"]


def hit_of(action):
    """As if AAPL at 89 had reached the rule."""
    watch = Watch.objects.get(owner_id=action.id)
    return crossing.Hit(
        watch.id, "action", action.id, 1, watch.series_id, watch.home_id, "AAPL", -1, D(90), False, False, D(0), 0,
        None, 0, False, machine.ARMED, NOW, None, None, D(89), D(89), D(89), NOW, "test",
    )  # fmt: skip


# --- cost
def test_a_storm_writes_its_rows_in_two_statements(desk):
    def inserts(count: int) -> int:
        for _ in range(count):
            telling(desk, symbol="TSLA")
        with CaptureQueriesContext(connection) as captured:
            assert see("90", symbol="TSLA", at=NOW + count * S) == count
        return sum("automation_trace" in query["sql"] for query in captured)

    assert inserts(1) == inserts(30) == 1


def test_every_kind_has_a_label_and_fits_its_column():
    assert set(LABELS) == set(Kind)
    assert all(len(kind) <= 20 for kind in Kind)
