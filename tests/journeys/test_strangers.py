"""Another user of the same installation: sees nothing and moves nothing that is not his."""

from __future__ import annotations

import pytest

from automation.models import Action
from orders.models import Order
from safety.models import Switch
from tests.journeys.market import Listing
from tests.journeys.people import Person, until_done
from tests.journeys.proof import nothing_happened, traded_once
from tests.journeys.stack import Stack
from tests.journeys.test_sockets import Listener

pytestmark = pytest.mark.journey


def test_a_stranger_sees_and_touches_nothing(stack: Stack, ann: Person, bob: Person, listing: Listing):
    rule = ann.rule(listing, "price_below", {"threshold": "95"}, max_executions=2)
    with ann.api(stack.url) as hers, bob.api(stack.url) as his, Listener(stack, his, "live") as socket:
        listing.trade("94")
        until_done(rule, 1, listing)
        order = Order.objects.get(portfolio=ann.portfolio)
        for path in ("actions/", "orders/", "alerts/history/"):
            assert hers.get(path).json()["count"] > 0, path
            assert his.get(path).json()["count"] == 0, path
        assert his.get("events/").json()["results"] == []
        calls = [
            ("GET", f"actions/{rule.id}/", None),
            ("PATCH", f"actions/{rule.id}/", {"quantity": "9"}),
            ("DELETE", f"actions/{rule.id}/", None),
            ("POST", f"actions/{rule.id}/pause/", None),
            ("POST", f"actions/{rule.id}/execute-now/", None),
            ("GET", f"actions/{rule.id}/executions/", None),
            ("GET", f"orders/{order.pk}/", None),
            ("POST", f"orders/{order.pk}/cancel/", None),
            ("POST", f"approvals/{order.pk}/approve/", None),
            ("POST", "safety/kill/", {"scope": "portfolio", "scope_id": str(ann.portfolio.pk)}),
            ("POST", "safety/kill/", {"scope": "user", "scope_id": str(ann.user.pk)}),
            ("POST", "orders/", {"portfolio": str(ann.portfolio.pk), "symbol": listing.symbol, "side": "buy",
                                 "quantity": "1"}),
        ]  # fmt: skip
        for method, path, body in calls:
            answer = his.request(method, path, json=body)
            assert answer.status_code == 404, (method, path, answer.status_code, answer.text)
        made = his.post("actions/", json={"action_type": "BUY", "symbol": listing.symbol, "quantity": "1",
                                          "portfolio": str(ann.portfolio.pk), "trigger_type": "price_below",
                                          "trigger_params": {"threshold": "1"}})  # fmt: skip
        assert made.status_code == 400, made.text
        assert his.post("safety/kill/", json={"scope": "global"}).status_code == 403
        assert not Switch.objects.filter(killed=True, user=ann.user).exists()
        socket.socket.send("{}")
        assert socket.next()["topic"] == "socket"  # an answer of the socket itself: nothing of hers came before it
    nothing_happened(bob)
    assert Action.objects.get(pk=rule.pk).status == "active"
    traded_once(rule)


def test_his_kill_stops_him_and_not_her(stack: Stack, ann: Person, bob: Person, listing: Listing):
    hers = ann.rule(listing, "price_below", {"threshold": "95"})
    his = bob.rule(listing, "price_below", {"threshold": "95"})
    with bob.api(stack.url) as api:
        report = api.post("safety/kill/", json={"scope": "user", "reason": "enough"})
        assert report.status_code == 200, report.text
        listing.trade("94")
        until_done(hers, 1, listing)
        until_done(his, 1, listing)
        traded_once(hers)
        execution = his.executions.get()
        assert (execution.state, execution.reason_code) == ("blocked", "KILL_SWITCH_ACTIVE")
        assert api.post("safety/resume/", json={"scope": "user", "word": "RESUME"}).status_code == 200
