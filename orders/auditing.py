"""Every step of every order goes into the audit log, with the transaction that makes it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.money import plain
from orders.models import Order
from orders.states import OrderState
from safety.audit import append
from safety.chain import Line, portfolio_chain

KIND = "order"
ENGINE = "engine"  # nobody in person: a rule, a worker, the broker
NOTE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """An order that went from one state to another."""

    order: Order
    old: str
    new: str
    note: str = ""
    actor: str = ENGINE


def audit(steps: Sequence[Step], *, now: datetime) -> None:
    """Append the steps, a portfolio's at once to its chain. Hold the portfolios' locks."""
    for portfolio_id, own in itertools.groupby(steps, key=lambda step: step.order.portfolio_id):
        append(portfolio_chain(portfolio_id), [_line(step, now) for step in own])


def _line(step: Step, now: datetime) -> Line:
    order = step.order
    return Line(
        at=now,
        kind=KIND,
        subject=str(order.pk),
        actor=step.actor,
        source=f"{order.source_kind}:{order.source_id}",
        data=_data(step),
    )


def _data(step: Step) -> dict[str, Any]:
    order = step.order
    data: dict[str, Any] = {"from": str(step.old), "to": str(step.new)}
    if step.note:
        data["note"] = step.note[:NOTE]
    if step.old == OrderState.PROPOSED:
        data.update(deal_of(order), policy_version=order.policy_version)
    if step.new == OrderState.AWAITING_APPROVAL:
        data["approval_hash"] = order.approval_hash
    if order.filled_quantity:
        data.update(filled=plain(order.filled_quantity), average=_text(order.average_price))
    return data


def deal_of(order: Order) -> dict[str, Any]:
    """What an order is about, in text: everything that makes a difference in money."""
    return {
        "account": str(order.account_id),
        "symbol": order.instrument_id,
        "side": str(order.side),
        "order_type": str(order.order_type),
        "time_in_force": str(order.time_in_force),
        "quantity": _text(order.quantity),
        "notional": _text(order.notional),
        "limit_price": _text(order.limit_price),
        "stop_price": _text(order.stop_price),
        "reduce_only": order.reduce_only,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
