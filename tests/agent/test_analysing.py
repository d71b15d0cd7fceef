"""The job `ai_analysis` with the agent behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from agent.models import AgentRun, RunState
from agent.running import execute
from alerts.models import Alert
from automation.models import JobRun
from automation.scheduling.keeping import create_job
from automation.scheduling.running import carry_out
from common.clock import now
from tests.fakes.llm import Call, ScriptedModel, Use
from tests.orders.making import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def job_run(desk: Desk, at: datetime) -> JobRun:
    job = create_job(user=desk.user, data={"job_type": "ai_analysis", "schedule": "30 9 * * *"}, now=at)
    return JobRun.objects.create(job=job, due_at=at, created_at=at, state="pending", cause="manual")


def test_without_a_key_the_schedule_still_yields_a_useful_report(desk: Desk, job_run: JobRun) -> None:
    assert carry_out(job_run.pk, now=now())
    job_run.refresh_from_db()
    assert job_run.state == "succeeded", job_run.error
    assert job_run.result["offline"] is True
    assert "The portfolio is worth $100,000.00" in job_run.result["text"]
    assert job_run.result["text"].startswith("Offline report")
    run = AgentRun.objects.get(job_run_id=job_run.pk)
    assert (run.state, run.trigger) == (RunState.SUCCEEDED, "schedule")
    assert Alert.objects.get(dedupe_key=f"agent-run:{run.pk}").title.startswith("Offline report: ")


def test_with_a_model_the_job_starts_a_run_and_its_report_is_told(
    desk: Desk, job_run: JobRun, thinks: Callable[..., Any]
) -> None:
    with ScriptedModel([Call((Use("submit_report", {"summary": "All is calm."}),))]) as model:
        thinks(model, "anthropic")
        assert carry_out(job_run.pk, now=now())
        job_run.refresh_from_db()
        run = AgentRun.objects.get(job_run_id=job_run.pk)
        assert job_run.result["agent_run"] == str(run.pk)
        assert run.state == RunState.QUEUED
        assert execute(run.pk, clock=now)
    told = Alert.objects.get(dedupe_key=f"agent-run:{run.pk}")
    assert told.title == "The agent reports: All is calm."
