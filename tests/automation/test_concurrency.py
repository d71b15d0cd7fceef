"""Many workers at once: every rule fires once, every firing is carried out once, and nobody waits for ever."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from alerts.models import Alert
from automation import answering, arming, clockwork, evaluating, executing, lifecycle, settling, sweeping
from automation.models import Action, ActionExecution, Missed, Outage
from common.errors import Conflict
from common.heartbeats import beat
from markets.models import Quote
from orders.models import Order
from portfolios.auditing import audit
from tests.automation.making import MINUTE, S, executions, rule, telling
from tests.orders.making import NOW, SYMBOLS, Desk, quote
from watches.models import Watch

pytestmark = pytest.mark.django_db(transaction=True)
AT = NOW + S


def together(*works: Callable[[], object]) -> None:
    """Run each in a thread with a connection of its own, begun at the same moment. Raises what any of them raised."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=30)
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        for running in [pool.submit(run, work) for work in works]:
            running.result(timeout=120)


def test_four_evaluators_fire_every_rule_once(desk: Desk):
    for n in range(40):
        telling(desk, symbol=SYMBOLS[n % 4])
    for symbol in SYMBOLS:
        quote(symbol, "90", at=AT)
    fired = []
    together(*[lambda: fired.append(evaluating.evaluate_quotes(now=AT).fired)] * 4)
    assert sum(fired) == 40
    assert ActionExecution.objects.count() == 40
    assert set(Action.objects.values_list("executions_count", "epoch")) == {(1, 2)}


def test_four_executors_carry_out_every_firing_once(desk: Desk, other: Desk):
    for n in range(20):
        rule(desk if n % 2 else other, symbol=SYMBOLS[n % 4], quantity="1")
    for symbol in SYMBOLS:
        quote(symbol, "90", at=AT)
    evaluating.evaluate_quotes(now=AT)
    together(*[lambda: executing.execute_pending(now=AT)] * 4)
    settling.settle(now=AT)  # an order sent by another executor than the one that placed it is settled by its nudge
    assert Order.objects.count() == 20
    assert set(ActionExecution.objects.values_list("state", "attempts")) == {("succeeded", 1)}
    assert set(Action.objects.values_list("status", flat=True)) == {"completed"}
    assert audit(desk.portfolio) == audit(other.portfolio) == []


def test_two_sweepers_fire_a_clock_once(desk: Desk):
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}}
    rules = [telling(desk, max_executions=None, **clock) for _ in range(10)]
    due = NOW + 5 * MINUTE
    together(*[lambda: clockwork.run_due(now=due)] * 3)
    assert [len(executions(action)) for action in rules] == [1] * 10


def test_two_sweepers_account_for_a_missed_time_once(desk: Desk):
    ten = {"trigger_type": "cron", "trigger_params": {"expression": "*/10 * * * *"}, "max_executions": None}
    skips = [telling(desk, **ten) for _ in range(4)]
    late = [telling(desk, missed_policy="run_late", run_late_minutes=60, **ten) for _ in range(4)]
    asks = [telling(desk, missed_policy="ask", **ten) for _ in range(4)]
    beat("sweeper", now=NOW)
    back = NOW + 45 * MINUTE
    together(*[lambda: sweeping.sweep(back)] * 3)
    together(*[lambda: sweeping.sweep(back + 6 * S)] * 3)
    assert [len(executions(action)) for action in (*skips, *late, *asks)] == [0] * 4 + [1] * 4 + [0] * 4
    assert Missed.objects.count() == 12 * 4
    outcomes = {"skipped": 4 * 4 + 4 * 3 + 4 * 3, "ran_late": 4, "asked": 4}
    assert {outcome: Missed.objects.filter(outcome=outcome).count() for outcome in outcomes} == outcomes
    assert Alert.objects.filter(severity="critical").count() == 4
    assert Alert.objects.filter(dedupe_key__startswith="missed:").count() == 1
    assert Outage.objects.count() == 1


def test_a_question_answered_by_many_at_once_is_answered_once(desk: Desk):
    ask = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}, "missed_policy": "ask"}
    action = telling(desk, max_executions=None, **ask)
    back = NOW + 45 * MINUTE
    clockwork.run_due(now=back)
    missed = Missed.objects.get()
    said: list[str] = []

    def answer(verb: Callable[..., Missed]) -> Callable[[], None]:
        def click() -> None:
            try:
                said.append(verb(user=desk.user, missed_id=missed.pk, now=back + S, actor="ada").outcome)
            except Conflict:
                said.append("refused")

        return click

    together(*[answer(answering.run)] * 3, *[answer(answering.decline)] * 2)
    assert said.count("refused") == 4
    missed.refresh_from_db()
    assert len(executions(action)) == (1 if missed.outcome == "run" else 0)


def test_a_clock_rule_being_edited_is_left_for_the_next_second(desk: Desk):
    """Waiting for the editor while holding the timer he is about to delete would be a deadlock."""
    clock = {"trigger_type": "time_of_day", "trigger_params": {"time": "10:05"}}
    busy, free = telling(desk, **clock), telling(desk, **clock)
    due = NOW + 5 * MINUTE
    with transaction.atomic():
        Action.objects.select_for_update().get(id=busy.id)
        together(lambda: clockwork.run_due(now=due))
    assert (len(executions(busy)), len(executions(free))) == (0, 1)
    clockwork.run_due(now=due + S)
    assert len(executions(busy)) == 1


def test_an_execution_by_hand_clicked_four_times_happens_once(desk: Desk):
    action = telling(desk)
    refused = []

    def click() -> None:
        try:
            lifecycle.execute_now(user=desk.user, action_id=action.id, now=AT, actor="ada")
        except lifecycle.Conflict:
            refused.append(1)

    together(*[click] * 4)
    assert (len(executions(action)), len(refused)) == (1, 3)


def test_prices_evaluators_and_wakers_at_once_never_fail(desk: Desk):
    """A claim that finds a newer quote than its snapshot's takes the newer one, whole."""
    rules = [telling(desk, symbol=SYMBOLS[n % 2], max_executions=None) for n in range(10)]
    moments = [AT + timedelta(seconds=n) for n in range(80)]

    def prices() -> None:
        for n, at in enumerate(moments):
            for symbol in SYMBOLS[:2]:
                quote(symbol, "89" if n % 2 else "91", at=at)
            evaluating.evaluate_quotes(now=at)

    def evaluator() -> None:
        for at in moments:
            evaluating.evaluate_quotes(now=at)

    def waker() -> None:
        for at in moments:
            arming.wake(list(SYMBOLS[:2]), now=at)

    together(prices, evaluator, evaluator, waker)
    assert all(executions(action) for action in rules)
    for standing in Quote.objects.filter(instrument__in=SYMBOLS[:2]):
        assert standing.low <= standing.last <= standing.high
        assert standing.at == moments[-1]


def test_edits_pauses_and_prices_at_once_keep_every_count(desk: Desk):
    """Evaluators, editors and a sweeper work on the same rules; nothing fails and nothing is counted twice."""
    rules = [telling(desk, symbol=SYMBOLS[n % 2], max_executions=None) for n in range(10)]

    def prices() -> None:
        for n in range(30):
            at = AT + timedelta(seconds=n)
            for symbol in SYMBOLS[:2]:
                quote(symbol, "89" if n % 2 else "91", at=at)
            evaluating.evaluate_quotes(now=at)

    def evaluator() -> None:
        for n in range(60):
            evaluating.evaluate_quotes(now=AT + timedelta(seconds=n / 2))

    def editor(offset: int) -> Callable[[], None]:
        def edit() -> None:
            for n in range(30):
                at, action = AT + timedelta(seconds=n), rules[(n * 3 + offset) % 10]
                by = {"user": desk.user, "action_id": action.id, "now": at, "actor": "ada"}
                if n % 3 == 0:
                    lifecycle.update_action(changes={"trigger_params": {"threshold": str(90 + n % 5 / 10)}}, **by)
                elif n % 3 == 1:
                    lifecycle.pause(**by)
                else:
                    lifecycle.resume(**by)

        return edit

    together(prices, evaluator, editor(0), editor(0))
    for action in Action.objects.all():
        made = executions(action)
        assert action.executions_count == len(made)
        assert len({execution.epoch for execution in made}) == len(made)
        assert all(execution.epoch < action.epoch for execution in made)
        assert Watch.objects.filter(owner_id=action.id).count() == 1
    assert ActionExecution.objects.exists()


# --- one cancels other
def brackets(desk: Desk, count: int, **changes: Any) -> list[tuple[Action, Action]]:
    """Pairs of rules that exclude each other: one above, one below, on two symbols that can be reached together."""
    common = {"max_executions": None, **changes}
    return [
        (
            telling(desk, symbol=SYMBOLS[0], group=f"g{n}", **common),
            telling(desk, symbol=SYMBOLS[1], group=f"g{n}", **common),
        )
        for n in range(count)
    ]


def test_two_evaluators_that_reach_both_members_fire_one_of_each_group(desk: Desk):
    pairs = brackets(desk, 20)
    evaluating.evaluate_quotes(now=NOW)
    for symbol in SYMBOLS[:2]:
        quote(symbol, "90", at=AT)
    fired = []
    together(
        *[
            lambda symbol=symbol: fired.append(evaluating.evaluate_quotes(now=AT, symbols=[symbol]).fired)
            for symbol in SYMBOLS[:2]
        ]
    )
    assert sum(fired) == 20
    for pair in pairs:
        counts = [len(executions(action)) for action in pair]
        assert sorted(counts) == [0, 1]
        held = Action.objects.get(id=pair[counts.index(0)].id)
        assert held.held_by == executions(pair[counts.index(1)])[0].id
    executing.execute_pending(now=AT)
    assert Action.objects.filter(status="cancelled").count() == 20


def test_firings_ends_clicks_and_joiners_at_once_leave_one_executed_member_each(desk: Desk):
    """Whatever comes together: at most one member succeeds, and nobody stays held by what has ended."""
    pairs = brackets(desk, 10, max_executions=1)
    joiners = [telling(desk, symbol=SYMBOLS[2]) for _ in pairs]
    moments = [AT + timedelta(seconds=n) for n in range(12)]

    def evaluator(symbol: str) -> Callable[[], None]:
        def evaluate() -> None:
            for at in moments:
                quote(symbol, "90", at=at)
                evaluating.evaluate_quotes(now=at, symbols=[symbol])

        return evaluate

    def executor() -> None:
        for at in moments:
            executing.execute_pending(now=at)

    def clicker() -> None:
        for at, (first, second) in zip(moments, pairs, strict=False):
            for action in (second, first):
                with contextlib.suppress(lifecycle.Conflict):
                    lifecycle.execute_now(user=desk.user, action_id=action.id, now=at, actor="ada")

    def joiner() -> None:
        for n, action in enumerate(joiners):
            with contextlib.suppress(lifecycle.Conflict):
                lifecycle.update_action(
                    user=desk.user, action_id=action.id, changes={"group": f"g{n}"}, now=AT, actor="ada"
                )

    together(evaluator(SYMBOLS[0]), evaluator(SYMBOLS[1]), evaluator(SYMBOLS[2]), executor, clicker, joiner)
    executing.execute_pending(now=moments[-1])
    for n, pair in enumerate(pairs):
        done = ActionExecution.objects.filter(state="succeeded")
        assert done.filter(action__in=pair).count() <= 1
        assert done.filter(action__in=[*pair, joiners[n]]).exists()  # a joiner may have fired before it joined
    assert not Action.objects.filter(held_by__isnull=False).exists()
    assert ActionExecution.objects.filter(finished_at__isnull=True).count() == 0
