"""The job `ai_analysis`, filled: a scheduled job asks for a run of the agent.

A model takes longer than a job may: the job ends when the run is queued, and the run tells the report itself. The
offline analyst answers at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.configuring import config_of
from agent.models import AgentRun, Provider, RunState
from agent.running import execute
from agent.starting import start_run
from automation.jobs.analyst import Analysis
from automation.jobs.base import JobContext
from common.clock import now as clock_now


class AgentAnalyst:
    """One agent run for one run of the job, however often it is asked for."""

    def analyse(self, context: JobContext, facts: Mapping[str, Any]) -> Analysis:
        """Raises PufflingError when no run can be had; the job reports its facts then."""
        run = AgentRun.objects.filter(job_run_id=context.run_id).first() or start_run(
            user=context.user,
            portfolio=context.portfolio,
            now=context.now,
            trigger=AgentRun.Trigger.SCHEDULE,
            job_run_id=context.run_id,
        )
        if config_of(context.user, now=context.now).provider == Provider.OFFLINE:
            execute(run.pk, clock=clock_now)
            run.refresh_from_db()
        return _said(run)


def _said(run: AgentRun) -> Analysis:
    data = {"agent_run": str(run.pk), "offline": run.provider == Provider.OFFLINE}
    if run.state in (RunState.QUEUED, RunState.RUNNING) or run.report is None:
        return Analysis(
            summary="The agent is at work; its report comes as an alert.",
            text=f"See the agent's run {run.pk}: its steps are under /api/agent/runs/{run.pk}/.",
            data=data,
        )
    report = run.report["report"]
    label = "Offline report: no language model was asked.\n" if data["offline"] else ""
    lines = [report["summary"], *(f"- {one['text']}" for one in report["observations"])]
    return Analysis(
        summary=report["summary"][:200],
        text=label + "\n".join([*lines, *(f"Mind: {r}" for r in report["risks"])]),
        data=data,
    )
