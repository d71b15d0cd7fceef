"""Celery delivers at least once, late and out of order: every message many times still means every deed once."""

from __future__ import annotations

import random

import pytest
from celery import current_app

from automation.models import ActionExecution
from orders.models import Order
from tests.journeys.market import Listing
from tests.journeys.people import Person, until_done
from tests.journeys.proof import traded_once
from tests.journeys.stack import Stack

pytestmark = pytest.mark.journey
TIMES = 15


def send(task: str, queue: str, **kwargs: object) -> None:
    current_app.send_task(task, kwargs=kwargs, queue=queue)


def send_all(portfolios: list[str], symbols: list[str]) -> None:
    """Every message of the road, many times, shuffled."""
    executions = [str(pk) for pk in ActionExecution.objects.values_list("pk", flat=True)]
    orders = [str(pk) for pk in Order.objects.values_list("pk", flat=True)]
    messages = [
        ("automation.evaluate_quotes", "ticks", {}),
        ("automation.execute", "trading", {}),
        ("automation.settle", "trading", {"source_ids": executions}),
        ("automation.settle", "trading", {}),
        ("orders.submit", "trading", {"portfolio_ids": portfolios}),
        ("orders.submit", "trading", {"order_ids": orders}),
        ("orders.match_paper", "trading", {"symbols": symbols}),
        ("orders.expire", "trading", {}),
    ] * TIMES
    random.shuffle(messages)
    for task, queue, kwargs in messages:
        send(task, queue, **kwargs)


def test_every_message_doubled_and_late_still_trades_once(stack: Stack):
    people = [Person("double") for _ in range(6)]
    listings = [Listing() for _ in people]
    rules = [
        person.rule(listing, "price_below", {"threshold": "95"})
        for person, listing in zip(people, listings, strict=True)
    ]
    portfolios, symbols = [str(p.portfolio.pk) for p in people], [each.symbol for each in listings]
    for listing in listings:
        listing.trade("94", wait=False)
        send_all(portfolios, symbols)
    for rule, listing in zip(rules, listings, strict=True):
        until_done(rule, 1, listing)
    send_all(portfolios, symbols)  # late: all is done already
    stack.wait_for("worker-ticks", again=True)
    stack.wait_for("worker-trading", again=True)
    for rule in rules:
        traded_once(rule)


def test_two_sweepers_beside_four_workers_still_trade_once(stack: Stack):
    stack.start_another("sweep")
    rules = []
    for _ in range(8):
        listing = Listing()
        rules.append((Person("swept").rule(listing, "price_below", {"threshold": "95"}), listing))
    stack.kill("worker-ticks")  # so that both sweepers compete for the evaluation as well
    for _, listing in rules:
        listing.trade("94", wait=False)
    for rule, listing in rules:
        until_done(rule, 1, listing)
        traded_once(rule)
