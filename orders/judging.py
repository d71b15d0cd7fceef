"""Put a batch of orders before the gate, one after the other, each seeing those admitted before it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from common.money import ZERO
from orders.models import Order, Source
from orders.tainting import tainted
from safety import gate
from safety.facts import compact
from safety.gate import ApprovedOrder
from safety.sizing import worst_price_of
from safety.switch import Switches
from safety.types import Outcome, ProposedOrder, Snapshot, SwitchView, Verdict

log = logging.getLogger(__name__)


def propose(order: Order, *, user_id: int) -> ProposedOrder:
    """An order row in the gate's words. The row must have its quantity."""
    if order.quantity is None:
        raise ValueError(f"order {order.pk} has no quantity: it cannot be judged")
    return ProposedOrder(
        order_id=order.pk,
        client_order_id=order.client_order_id,
        user_id=user_id,
        portfolio_id=order.portfolio_id,
        account_id=order.account_id,
        source_kind=order.source_kind,
        source_id=order.source_id,
        symbol=order.instrument_id,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        quantity=order.quantity,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        reduce_only=order.reduce_only,
        decision_price=order.decision_price,
        expires_at=order.expires_at,
        trace_id=order.trace_id,
        action_id=order.action_id,
        approved_by=order.approved_by,
        rule_failures=order.rule_failures,
    )


def view_of(switches: Switches, order: Order) -> SwitchView:
    """The switches that reach this order."""
    return switches.view(
        portfolio_id=order.portfolio_id, action_id=order.action_id, agent=order.source_kind == Source.AGENT_RUN
    )


class Judge:
    """The gate over one snapshot that grows with every order it admits."""

    def __init__(self, snapshot: Snapshot, switches: Switches, *, user_id: int) -> None:
        self.snapshot = snapshot
        self._switches = switches
        self._user_id = user_id

    def facts(self, order: Order) -> dict[str, Any]:
        """What the gate is about to look at, in short: to be kept with the order."""
        return compact(propose(order, user_id=self._user_id), self._seen_by(order))

    def judge(self, order: Order) -> tuple[Verdict, ApprovedOrder | None]:
        """The gate's verdict; the approved order when it may be sent now."""
        proposed = propose(order, user_id=self._user_id)
        verdict, approved = gate.decide(proposed, self._seen_by(order))
        for error in verdict.errors:
            log.error("the gate could not make a check of order %s", order.pk, exc_info=error)
        if verdict.outcome is not Outcome.DENY:
            price = worst_price_of(proposed, self.snapshot) or ZERO
            self.snapshot = self.snapshot.with_order(proposed, price, order.state)
        return verdict, approved

    def _seen_by(self, order: Order) -> Snapshot:
        """The snapshot with the switches that reach this order; the same object if no more do: it keeps its sums."""
        view = view_of(self._switches, order)
        if order.source_kind == Source.AGENT_RUN:
            return replace(self.snapshot, switches=view, tainted_runs=tainted([order.source_id]))
        return self.snapshot if view == self.snapshot.switches else replace(self.snapshot, switches=view)
