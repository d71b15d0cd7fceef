"""An alert is made, told to an open page, kept over a restart, and told again only after it came back."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.models import Alert, AlertConfig
from tests.journeys.listening import Listener
from tests.journeys.market import Listing
from tests.journeys.people import Person
from tests.journeys.stack import BASE, Stack
from tests.journeys.waiting import eventually

pytestmark = pytest.mark.journey


def told(config_id: str) -> int:
    return Alert.objects.filter(data__config=config_id).count()


def until_told(config_id: str, times: int, listing: Listing) -> None:
    eventually(lambda: told(config_id) >= times, f"told {times} times", meanwhile=listing.repeat)


def test_an_alert_is_told_once_over_a_restart_and_again_after_it_came_back(stack: Stack, ann: Person, listing: Listing):
    with ann.api(stack.url) as api:
        asked = {"alert_type": "price", "condition": {"symbol": listing.symbol, "above": 110}, "cooldown_seconds": 0}
        made = api.post("alerts/", json=asked).json()
        assert made["explain"]["state"] == "armed"
        with Listener(stack, api, "alerts") as page:
            listing.trade("111")
            page.until(lambda message: about(message, made["id"]))
        heard = page.heard[-1]["payload"]
        assert heard["title"] == f"{listing.symbol} is at or above $110"
        assert api.get(f"alerts/{made['id']}/").json()["explain"]["state"] == "true"

    stack.stop()
    listing.trade("112", wait=False)  # while nobody is there
    stack.start(*BASE)
    listing.trade("113")
    assert told(made["id"]) == 1

    listing.trade("109")
    listing.trade("110")
    until_told(made["id"], 2, listing)
    assert (told(made["id"]), AlertConfig.objects.get(id=made["id"]).epoch) == (2, 3)


def about(message: dict[str, Any], config_id: str) -> bool:
    return bool(message["kind"] == "alert" and message["payload"]["data"].get("config") == config_id)
