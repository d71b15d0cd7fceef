"""Doors for Celery: read the clock, call one function. Every task may be lost, late or doubled."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from celery import shared_task

from automation import evaluating, executing, settling
from automation.backtest import running as backtests
from automation.rebalancing import stepping
from automation.replay import running as replays
from automation.scheduling import looking, mirroring, pruning, status
from automation.scheduling import running as jobs
from automation.strategies import tasks as strategies  # noqa: F401  (Celery looks for tasks here)
from common.clock import now
from common.enqueue import nudge
from common.heartbeats import beat

LIMIT = 1000  # executions per task: far below the task's time limit at any speed the benches show


@shared_task(name="automation.evaluate_quotes", queue="ticks")
def evaluate_quotes() -> None:
    """Show the engine every quote it has not seen."""
    at = now()
    done = evaluating.evaluate_quotes(now=at)
    if done.claimed:
        beat("evaluate", now=at, claimed=done.claimed, fired=done.fired)


@shared_task(name="automation.execute", queue="trading")
def execute() -> None:
    """Carry out waiting firings; what is left after a task's worth is the next task's."""
    if executing.execute_pending(now=now(), limit=LIMIT) >= LIMIT:
        nudge("automation.execute", queue="trading")


@shared_task(name="automation.settle", queue="trading")
def settle(source_ids: Sequence[str] | None = None) -> None:
    """Finish executions whose orders have come to an end."""
    settling.settle(None if source_ids is None else [UUID(source) for source in source_ids], now=now())


@shared_task(name="automation.run_replay", queue="jobs")
def run_replay(run_id: str) -> None:
    """Carry out a replay that was too large to be answered at once."""
    replays.carry_out(UUID(run_id), now=now())


@shared_task(name="automation.rebalance", queue="trading")
def rebalance(run_ids: Sequence[str] | None = None) -> None:
    """Carry on rebalance runs: these, or those that are due."""
    stepping.advance(now=now(), run_ids=None if run_ids is None else [UUID(run_id) for run_id in run_ids])


@shared_task(name="automation.look_at_jobs", queue="jobs")
def look_at_jobs(job: str | None = None) -> None:
    """Beat's poke: something may be due. It decides nothing, and which job's time it was does not matter."""
    at = now()
    beat(status.BEAT, now=at)
    looking.look(now=at)


@shared_task(name="automation.run_job", queue="jobs")
def run_job(run_id: str) -> None:
    """Carry out one run of a job."""
    jobs.carry_out(UUID(run_id), now=now())


@shared_task(name="automation.mirror_jobs", queue="jobs")
def mirror_jobs() -> None:
    """Put right what is not as the jobs say among beat's entries."""
    mirroring.repair(now=now())


@shared_task(name="automation.prune_job_runs", queue="jobs")
def prune_job_runs() -> None:
    """Each hour: the history of runs stays bounded."""
    pruning.prune(now=now())


# One run over hundreds of symbols takes longer than other tasks may; it tells every two seconds that it lives.
@shared_task(name="automation.run_backtest", queue="jobs", soft_time_limit=540, time_limit=600)
def run_backtest(run_id: str) -> None:
    """Carry out a backtest, or a turn of a grid."""
    backtests.carry_out(UUID(run_id), now=now())
