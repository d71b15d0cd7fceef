"""Doors for Celery: read the clock, call one function. Every task may be lost, late or doubled."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from celery import shared_task

from common.clock import now
from common.enqueue import nudge
from orders import expiring, matching, submitting

LIMIT = 1000  # orders per task: far below the task's time limit at any speed the benches show


@shared_task(name="orders.submit", queue="trading")
def submit(portfolio_ids: Sequence[str] | None = None, order_ids: Sequence[str] | None = None) -> None:
    """Send what waits: of these portfolios, these orders, or whatever waits."""
    if order_ids is not None:
        submitting.submit_many([UUID(order_id) for order_id in order_ids], now=now())
        return
    wanted = None if portfolio_ids is None else [UUID(portfolio_id) for portfolio_id in portfolio_ids]
    if submitting.submit_waiting(now=now(), limit=LIMIT, portfolio_ids=wanted) >= LIMIT:
        nudge("orders.submit", queue="trading", portfolio_ids=portfolio_ids)


@shared_task(name="orders.match_paper", queue="trading")
def match_paper(symbols: Sequence[str]) -> None:
    """Fill resting paper orders of these symbols."""
    matching.match_paper(symbols=symbols, now=now())


@shared_task(name="orders.expire", queue="trading")
def expire() -> None:
    """End what is past its time."""
    expiring.expire(now=now())
