"""The orders of a run: their keys, what a person's yes covers, and placing a phase at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from automation.rebalancing.models import RebalanceLeg, RebalanceRun
from orders.consent import Consent, Term
from orders.models import Order, Source
from orders.placing import place_many
from orders.types import OrderIntent
from portfolios.instructing import instruct
from portfolios.models import LotInstruction
from portfolios.planning.types import LotMethod
from safety.policies import policy_for

CONSENT_LASTS = timedelta(minutes=15)  # as long as the run itself


def key_of(run_id: UUID, number: int) -> str:
    """The idempotency key of a leg's order: however often it is placed, there is one."""
    return f"rebalance:{run_id}:{number}"


def orders_of(run_id: UUID) -> dict[int, Order]:
    """The run's orders by the number of their leg."""
    orders = Order.objects.filter(source_kind=Source.REBALANCE_RUN, source_id=str(run_id)).defer("verdict", "facts")
    return {int(order.idempotency_key.rpartition(":")[2]): order for order in orders}


def place(run: RebalanceRun, legs: Sequence[RebalanceLeg], *, now: datetime) -> list[Order]:
    """Place the orders of these legs, and write which lots each sale takes before it can fill."""
    intents = [_intent(run, leg) for leg in legs]
    with transaction.atomic():
        orders = place_many(portfolio_id=run.portfolio_id, intents=intents, now=now, consent=consent_of(run))
        for leg, order in zip(legs, orders, strict=True):
            if leg.side == "sell":
                _choose_lots(run, leg, order, now)
    return orders


def consent_of(run: RebalanceRun) -> Consent | None:
    """What the person's yes to the run covers; None if nobody was asked."""
    if not run.approved_by or run.approved_at is None:
        return None
    return Consent(
        source_kind=Source.REBALANCE_RUN.value,
        source_id=str(run.pk),
        by=run.approved_by,
        at=run.approved_at,
        until=run.approved_at + CONSENT_LASTS,
        collar_pct=policy_for(run.portfolio).approval_collar_pct,
        terms={key_of(run.pk, leg.number): term_of(run, leg) for leg in run.legs.all()},
    )


def term_of(run: RebalanceRun, leg: RebalanceLeg) -> Term:
    """A leg as the person was asked about it: its dollars, and the price then."""
    price = Decimal(run.asked["prices"].get(leg.instrument_id) or leg.planned_price)
    return Term(symbol=leg.instrument_id, side=leg.side, amount=leg.planned_quantity * leg.planned_price, price=price)


def _intent(run: RebalanceRun, leg: RebalanceLeg) -> OrderIntent:
    return OrderIntent(
        portfolio_id=run.portfolio_id,
        source_kind=Source.REBALANCE_RUN.value,
        source_id=str(run.pk),
        idempotency_key=key_of(run.pk, leg.number),
        symbol=leg.instrument_id,
        side=leg.side,
        quantity=leg.quantity,
        decision_price=leg.price,
        reduce_only=leg.side == "sell",
        trace_id=run.trace_id,
        action_id=run.action_id,
    )


def _choose_lots(run: RebalanceRun, leg: RebalanceLeg, order: Order, now: datetime) -> None:
    """The sale takes the lots the plan chose; the oldest where the goal says nothing else."""
    method = LotMethod(run.plan["lot_method"])
    if method is LotMethod.FIFO:
        return
    lots = {trade["symbol"]: [part["lot"] for part in trade["lots"]] for trade in run.plan["trades"]}
    rest = LotInstruction.Method.HIFO if method is LotMethod.HIFO else LotInstruction.Method.FIFO
    instruct(portfolio=run.portfolio, order_id=order.pk, now=now, lots=lots.get(leg.instrument_id, []), method=rest)
