"""Ask for a run. The row is the truth; the task is a nudge."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from agent.configuring import config_of
from agent.models import AgentConfig, AgentRun, Conversation, RunMode, RunState
from automation.leasing import Leases
from common.errors import Conflict, InvalidInput, NotFound
from live.push import announce
from portfolios.models import Portfolio
from safety import switch

LEASES = Leases(AgentRun, "agent.run", queue="agent")
nudge_left_behind = LEASES.nudge_left_behind
MOST_OPEN = 3  # per user
KEPT = 500  # ended runs per user
LONGEST_QUESTION = 4000
OPEN = (RunState.QUEUED, RunState.RUNNING)
ORDER = (RunMode.REPORT, RunMode.SUGGEST, RunMode.EXECUTE)


def start_run(
    *,
    user: User,
    now: datetime,
    trigger: str,
    portfolio: Portfolio | None = None,
    question: str = "",
    mode: str | None = None,
    conversation: Conversation | None = None,
    job_run_id: UUID | None = None,
) -> AgentRun:
    """Queue a run. `mode` may be more careful than the settings, never bolder. Raises InvalidInput, Conflict."""
    config = config_of(user, now=now)
    portfolio = portfolio or Portfolio.objects.filter(user=user, primary=True).first()
    if portfolio is None or portfolio.user_id != user.pk:
        raise InvalidInput({"portfolio": "Name one of your portfolios: you have no primary one."})
    if len(question) > LONGEST_QUESTION:
        raise InvalidInput({"question": f"It has {len(question)} characters: ask in at most {LONGEST_QUESTION}."})
    if mode is not None and mode not in RunMode.values:
        raise InvalidInput({"mode": f"{mode!r} is not known: use {', '.join(RunMode.values)}."})
    chosen = min(ORDER.index(RunMode(config.mode)), ORDER.index(RunMode(mode or config.mode)))
    if "agent" in switch.view(user_id=user.pk, agent=True).killed:
        raise Conflict("The agent is switched off: resume it on the page Safety first.", code="agent_killed")
    with transaction.atomic():
        AgentConfig.objects.select_for_update().get(user=user)  # so that two requests count each other
        mine = AgentRun.objects.filter(user=user)
        if mine.filter(state__in=OPEN).count() >= MOST_OPEN:
            raise Conflict(f"{MOST_OPEN} runs are under way: wait for one to end, or cancel one.", code="too_many_runs")
        run = AgentRun.objects.create(
            user=user,
            portfolio=portfolio,
            trigger=trigger,
            mode=ORDER[chosen],
            provider=config.provider,
            model=config.model,
            question=question.strip().replace("\x00", ""),
            conversation=conversation,
            job_run_id=job_run_id,
            created_at=now,
        )
        tell(run, now)
        LEASES.send(run.pk)
    return run


def tell(run: AgentRun, now: datetime) -> None:
    """Announce where the run stands."""
    payload = {
        "run": str(run.pk),
        "state": run.state,
        "mode": run.mode,
        "trigger": run.trigger,
        "reason_code": run.reason_code,
        "cost": str(run.cost),
    }
    announce(user_id=run.user_id, topic="agent", kind="run", payload=payload, now=now, trace_id=run.trace_id)


def runs_of(user: User) -> QuerySet[AgentRun]:
    return AgentRun.objects.filter(user=user).order_by("-created_at", "-id")


def run_of(user: User, run_id: UUID) -> AgentRun:
    """One run of the user. Raises NotFound."""
    run = runs_of(user).filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"There is no agent run {run_id}.")
    return run


@transaction.atomic
def cancel_run(*, user: User, run_id: UUID, now: datetime) -> AgentRun:
    """End a run before its time; its worker stops at its next step. Raises NotFound, Conflict."""
    run_of(user, run_id)
    run = AgentRun.objects.select_for_update().get(pk=run_id)
    if run.state not in OPEN:
        raise Conflict(f"The run is {run.state} already.")
    run.state, run.finished_at, run.lease_until, run.reason_code = RunState.CANCELLED, now, None, "CANCELLED"
    run.save(update_fields=["state", "finished_at", "lease_until", "reason_code"])
    tell(run, now)
    return run


def forget_old_runs(now: datetime) -> int:
    """Keep the newest `KEPT` ended runs of each user; the others go with their steps. Returns how many went.

    What a suggestion of them became is in its order, which stays.
    """
    gone = 0
    users = AgentRun.objects.values_list("user", flat=True).distinct()
    for user_id in users:
        ended = AgentRun.objects.filter(user=user_id).exclude(state__in=OPEN).order_by("-created_at")
        old = list(ended.values_list("pk", flat=True)[KEPT : KEPT + 1000])
        gone += AgentRun.objects.filter(pk__in=old).delete()[1].get("agent.AgentRun", 0) if old else 0
    return gone
