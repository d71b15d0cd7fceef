"""Workers that die between a firing and its fill, at every step: another one finishes, exactly once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from automation.models import Action, ActionExecution
from orders.crashpoints import POINTS
from orders.models import Order
from puffling_site.runtime.environment import BASE
from tests.journeys import passing
from tests.journeys.market import Listing
from tests.journeys.people import Person, until_done
from tests.journeys.proof import traded_once
from tests.journeys.stack import Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey

# What the rows of the firing say when the worker is dead: the execution, its order.
LEFT_BEHIND = {
    "execution-claimed": ("running", None),
    "1_placing": ("running", None),
    "2_placed": ("running", "queued"),
    "3_claiming": ("running", "queued"),
    "4_claimed": ("running", "submitting"),
    "5_looked_up": ("running", "submitting"),
    "6_before_wire": ("running", "submitting"),
    "7_after_wire": ("running", "submitting"),
    "8_recording": ("running", "submitting"),
    "9_recorded": ("running", "filled"),
    "effect-done": ("running", "filled"),
}


class Doomed:
    """See doomed.py."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def die_at(self, point: str) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{point}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def doomed(stack: Stack, *task: str) -> Iterator[Doomed]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.doomed", *task],
        cwd=BASE,
        env=stack.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Doomed(process)
    finally:
        process.communicate(timeout=60)  # end of its input: it ends


def fired_rule(person: Person) -> tuple[Action, Listing]:
    """A rule that has fired; nobody has begun to carry it out."""
    listing = Listing()
    rule = person.rule(listing, "price_below", {"threshold": "95"})
    listing.trade("94")
    eventually(lambda: ActionExecution.objects.filter(action=rule).exists(), "the rule fired")
    return rule, listing


def left_behind(rule: Action) -> tuple[str, str | None]:
    execution = rule.executions.get()
    order = Order.objects.filter(source_id=str(execution.id)).first()
    return execution.state, order and order.state


def test_every_crash_point_is_visited():
    assert set(POINTS) < set(LEFT_BEHIND)


def test_a_worker_that_dies_at_any_step_leaves_work_that_is_finished_exactly_once(stack: Stack):
    stack.kill("worker-trading")
    stack.stop("sweep")
    wrecks = []
    with doomed(stack) as worker:
        for point, expected in LEFT_BEHIND.items():
            rule, listing = fired_rule(Person("wreck"))
            assert worker.die_at(point) == -signal.SIGKILL, point
            assert left_behind(rule) == expected, point
            wrecks.append((rule, listing))
    passing.firings_stay_valid()
    passing.leases_end()
    stack.start("worker-trading", "sweep")
    for rule, listing in wrecks:
        until_done(rule, 1, listing)
    for rule, _ in wrecks:
        traded_once(rule)


def test_a_pool_child_that_dies_with_the_order_sent_is_survived_by_its_worker(stack: Stack, ann: Person):
    """Celery starts another child and redelivers the task; the order is looked up and adopted, not sent again."""
    stack.kill("worker-trading")
    stack.stop("sweep")
    stack.start("worker-trading", PUFFLING_CRASH_AT="7_after_wire")
    rule, listing = fired_rule(ann)
    eventually(lambda: left_behind(rule) == ("running", "submitting"), "the child died with the order on the wire")
    stack.kill("worker-trading")
    passing.firings_stay_valid()
    passing.leases_end()
    stack.start("worker-trading", "sweep")
    until_done(rule, 1, listing)
    traded_once(rule)


def test_ten_firings_survive_the_sudden_death_of_the_whole_trading_worker(stack: Stack):
    rules = []
    for _ in range(10):
        listing = Listing()
        rules.append((Person("ten").rule(listing, "price_below", {"threshold": "95"}), listing))
    for _, listing in rules:
        listing.trade("94", wait=False)
    fired = ActionExecution.objects.filter(action__in=[rule for rule, _ in rules])
    goal = random.randint(1, 10)
    eventually(lambda: fired.count() >= goal, f"{goal} rules fired")
    stack.kill("worker-trading")
    passing.firings_stay_valid()
    stack.start("worker-trading")
    passing.leases_end()
    for rule, listing in rules:
        until_done(rule, 1, listing)
        traded_once(rule)


def test_an_evaluator_that_dies_loses_no_tick(stack: Stack, ann: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"})
    stack.kill("worker-ticks")
    listing.trade("94", wait=False)
    listing.trade("100", wait=False)  # the dip is over before anybody looked
    until_done(rule, 1)
    (order,) = traded_once(rule)
    assert rule.executions.get().observation["value"] == "94"
    assert order.average_price > 99  # bought at the price of the moment
