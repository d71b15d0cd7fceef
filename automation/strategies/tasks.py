"""Doors for Celery: read the clock, call one function. Every task may be lost, late or doubled."""

from __future__ import annotations

from celery import shared_task

from automation.strategies import acting, running, settling
from common.clock import now


@shared_task(name="automation.run_strategies", queue="jobs")
def run_strategies() -> None:
    """Run every strategy that is due, then carry out what may be done at once."""
    running.run_due(now())
    acting.act_due(now())


@shared_task(name="automation.act_strategies", queue="trading")
def act_strategies() -> None:
    """Carry out signals whose time has come."""
    acting.act_due(now())
    settling.settle(now())


@shared_task(name="automation.settle_strategies", queue="trading")
def settle_strategies() -> None:
    """End signals whose orders have come to an end."""
    settling.settle(now())
