"""The frame's own pages: the guide at each step, orders at their ends, errors, what comes before the sign-in."""

from __future__ import annotations

from accounts import guiding
from automation import first_rule
from common.clock import now
from orders.models import Order
from orders.states import OrderState
from orders.submitting import submit_waiting
from tests.automation.making import carry_out, see
from tests.browser.looking import Look
from tests.orders.making import D, Desk


def furnish(desk: Desk) -> list[Look]:
    moment = now()
    mine = Order.objects.filter(portfolio=desk.portfolio)
    blocked = mine.filter(state=OrderState.BLOCKED).first()
    waiting = mine.filter(state=OrderState.AWAITING_APPROVAL).first()
    made = first_rule.make(user=desk.user, symbol="MSFT", kind="BUY", now=moment, actor="ada")
    guiding.remember_rule(user=desk.user, action_id=made.pk, now=moment)
    see(D(made.trigger_params["threshold"]), at=now(), symbol="MSFT")
    carry_out(now=now())
    submit_waiting(now=now(), limit=10)
    carry_out(now=now())
    filled = mine.filter(instrument_id="MSFT").order_by("-created_at").first()
    orders = {"order-blocked": blocked, "order-waiting": waiting, "order-filled": filled}
    return [
        Look(path="/start/", name="start-fired"),
        *[Look(path=f"/orders/{order.pk}/", name=name) for name, order in orders.items() if order],
        Look(path="/monitoring/", name="monitoring-filled", ready="#monitoring[aria-busy=false]"),
        Look(path="/safety/kill/", name="kill"),
    ]
