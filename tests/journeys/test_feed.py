"""The whole road: the demo market's feed as a process, a rule made through the API, the price moved by command."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from automation.models import Action
from common.clock import now
from markets.demo import seed_demo_market
from markets.models import Quote
from tests.journeys.market import D
from tests.journeys.people import Person, until_done
from tests.journeys.proof import traded_once
from tests.journeys.stack import Stack

pytestmark = pytest.mark.journey


def test_the_feed_brings_the_price_that_fires_a_rule(stack: Stack, ann: Person):
    seed_demo_market(now=now(), seed=7, count=30)
    stack.start("feed")
    threshold = (Quote.objects.get(instrument="IBM").last * D("0.95")).quantize(D("0.01"))
    rule = {
        "action_type": "BUY",
        "symbol": "IBM",
        "quantity": "5",
        "trigger_type": "price_below",
        "trigger_params": {"threshold": str(threshold)},
    }
    with ann.api(stack.url) as api:
        made = api.post("actions/", json=rule)
        assert made.status_code == 201, made.text
        call_command("demo_price", "IBM", str(threshold - 1), hold=60, verbosity=0)
        action = Action.objects.get(pk=made.json()["id"])
        until_done(action, 1)
        (order,) = traded_once(action)
        assert order.decision_price == threshold - 1
        shown = api.get(f"orders/{order.pk}/").json()
    assert shown["state"] == "filled"
    assert shown["fills"][0]["quantity"] == "5"
