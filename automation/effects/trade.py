"""BUY and SELL: place an order through the one door and submit it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from automation.effects.base import Done
from automation.models import Action, ActionExecution, ActionType, ExecutionState
from common.errors import InvalidInput
from orders.models import Order, Source
from orders.placing import place_many
from orders.states import OrderState
from orders.submitting import submit_many
from orders.types import OrderIntent


class Trade:
    """One order per execution. The key is the action and its epoch: placing again returns the same order."""

    types = (ActionType.BUY.value, ActionType.SELL.value)

    def carry_out(self, executions: Sequence[ActionExecution], *, now: datetime) -> list[Done]:
        results: dict[int, Done] = {}
        intents: list[OrderIntent] = []
        positions: list[int] = []
        for position, execution in enumerate(executions):
            try:
                intents.append(intent_for(execution.action, execution))
                positions.append(position)
            except InvalidInput as bad:
                results[position] = Done(state=ExecutionState.FAILED, reason_code="INVALID_ORDER", error=str(bad))
        if intents:
            orders = place_many(portfolio_id=executions[0].action.portfolio_id, intents=intents, now=now)
            queued = [order.id for order in orders if order.state == OrderState.QUEUED]
            if queued:
                submit_many(queued, now=now, wait=True)  # or a busy portfolio's orders would wait for the sweeper
            # As they stand now: submitting moved them on.
            fresh = Order.objects.only("state", "filled_quantity", "reason_code", "reason").in_bulk(
                [order.id for order in orders]
            )
            results.update({at: done_for(fresh[order.id]) for at, order in zip(positions, orders, strict=True)})
        return [results[position] for position in range(len(executions))]


class Fired(Protocol):
    """What an order needs to know of a firing: an execution's row, or a firing of a replay."""

    @property
    def id(self) -> UUID: ...
    @property
    def epoch(self) -> int: ...
    @property
    def observation(self) -> Mapping[str, Any]: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def trace_id(self) -> UUID: ...


def intent_for(action: Action, execution: Fired) -> OrderIntent:
    """The order an execution asks for. Raises InvalidInput when its prices cannot be used."""
    price = execution.observation.get("price")
    decision = Decimal(price) if price else None
    limit = action.limit_price
    if action.limit_offset is not None and decision is not None:
        limit = decision + action.limit_offset
    return OrderIntent(
        portfolio_id=action.portfolio_id,
        source_kind=Source.ACTION_EXECUTION,
        source_id=str(execution.id),
        idempotency_key=f"action:{action.id}:{execution.epoch}",
        symbol=action.instrument_id or "",
        side="buy" if action.action_type == ActionType.BUY else "sell",
        order_type=action.order_type,
        time_in_force=action.time_in_force,
        quantity=action.quantity,
        notional=action.amount_usd,
        percent_of_position=action.percent_of_position,
        percent_of_equity=action.percent_of_equity,
        limit_price=limit,
        stop_price=action.stop_price,
        decision_price=decision,
        expires_at=execution.expires_at,
        trace_id=execution.trace_id,
        action_id=action.id,
        rule_failures=action.failures_in_a_row,
    )


# What an order's state means for the execution that asked for it.
MEANING: dict[str, ExecutionState] = {
    OrderState.PROPOSED: ExecutionState.RUNNING,
    OrderState.QUEUED: ExecutionState.RUNNING,
    OrderState.SUBMITTING: ExecutionState.RUNNING,
    OrderState.ACCEPTED: ExecutionState.RUNNING,
    OrderState.PARTIALLY_FILLED: ExecutionState.RUNNING,
    OrderState.UNKNOWN: ExecutionState.UNKNOWN,
    OrderState.AWAITING_APPROVAL: ExecutionState.AWAITING_APPROVAL,
    OrderState.BLOCKED: ExecutionState.BLOCKED,
    OrderState.DECLINED: ExecutionState.BLOCKED,
    OrderState.FILLED: ExecutionState.SUCCEEDED,
    OrderState.REJECTED: ExecutionState.FAILED,
    OrderState.NOT_ACCEPTED: ExecutionState.FAILED,
    OrderState.CANCELLED: ExecutionState.FAILED,
    OrderState.EXPIRED: ExecutionState.EXPIRED,
    OrderState.REPLACED: ExecutionState.RUNNING,
}


def done_for(order: Order) -> Done:
    """What became of an execution, judged by its order as it stands. A partly filled ended order is a success."""
    state = MEANING[order.state]
    if state in (ExecutionState.FAILED, ExecutionState.EXPIRED) and order.filled_quantity:
        state = ExecutionState.SUCCEEDED
    return Done(
        state=state,
        details={"effect": "order", "order": str(order.id), "order_state": order.state},
        reason_code=order.reason_code,
        error=order.reason,
        order_ids=(order.id,),
    )


TRADE = Trade()
