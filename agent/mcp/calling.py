"""What a caller may do over MCP: which tools it sees, and one call carried out. Knows nothing of the protocol.

A caller is an assistant somewhere else: what it read nobody here knows, so what it proposes counts as tainted and
waits for a person. Tools that act are out of reach, whatever the token's scopes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from accounts.models import ApiToken, User
from agent.configuring import config_of
from agent.models import AgentConfig, AgentRun, AgentStep, RunMode, RunState
from agent.providers.base import ToolSpec
from agent.steps import Recorder
from agent.tools.base import Context, Reach, around
from agent.tools.registry import TOOLS, specs
from common.errors import Conflict, PufflingError
from portfolios.models import Portfolio
from safety import switch

LONGEST_RESULT = 30_000  # characters
ONE_RUN = timedelta(hours=1)  # what is proposed within it is one run, with a run's limits
TAINT = "called over MCP: what the caller has read is not known"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, and how far a token lets it reach."""

    user: User
    reach: Reach

    @classmethod
    def of(cls, token: ApiToken) -> Caller | None:
        """The caller of a personal token: `read` looks, `trade` proposes; None when its scopes allow neither."""
        reach = reach_of(token.scopes)
        return None if reach is None else cls(user=token.user, reach=reach)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What goes back to the caller."""

    text: str
    failed: bool = False


def reach_of(scopes: Sequence[str]) -> Reach | None:
    """How far these scopes reach; never to what acts."""
    if ApiToken.Scope.TRADE in scopes:
        return Reach.PROPOSE
    return Reach.READ if ApiToken.Scope.READ in scopes else None


def tools_for(caller: Caller) -> tuple[ToolSpec, ...]:
    """The tools the caller is shown."""
    return specs(caller.reach)


def call(caller: Caller, name: str, given: Mapping[str, Any] | None, *, now: datetime) -> Result:
    """Carry out one call. What a caller can cause never raises: it is told, as the tool's failure."""
    tool = TOOLS.get(name)
    if tool is None or tool.reach > caller.reach or tool.reach > Reach.PROPOSE:
        return _failed(f"There is no tool {name[:60]!r} for this token.")
    try:
        arguments = tool.arguments.model_validate(given or {})
    except ValidationError as wrong:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors(include_url=False)][:10]
        return _failed("The arguments cannot be used.", problems=problems)
    began = time.monotonic()
    try:
        with around(tool):
            run = _run(caller, now) if tool.reach > Reach.READ else None
            answer = tool.run(arguments, _context(caller, run, now))
            if run is not None:
                _note(run, name, given, answer.content, answer.done, began, now)
    except PufflingError as error:
        return _failed(error.detail, code=error.code)
    text = json.dumps(answer.content, ensure_ascii=False, default=str)
    if len(text) > LONGEST_RESULT:
        text = text[:LONGEST_RESULT] + "… (cut: ask for less at a time)"
    return Result(text=text)


def _context(caller: Caller, run: AgentRun | None, now: datetime) -> Context:
    portfolio = Portfolio.objects.filter(user=caller.user, primary=True).first()
    if portfolio is None:
        raise Conflict("There is no primary portfolio to work with: open one first.")
    return Context(
        user=caller.user,
        portfolio=portfolio,
        now=now,
        run_id=run.pk if run else None,
        trace_id=run.trace_id if run else None,
        mode=RunMode.SUGGEST if run else RunMode.REPORT,
        tainted=True,
    )


def _run(caller: Caller, now: datetime) -> AgentRun:
    """The run that what is proposed belongs to: one an hour, tainted, at its end already. Raises Conflict."""
    if "agent" in switch.view(user_id=caller.user.pk, agent=True).killed:
        raise Conflict("The agent is switched off: resume it on the page Safety first.", code="agent_killed")
    context = _context(caller, None, now)
    config_of(caller.user, now=now)
    AgentConfig.objects.select_for_update().get(user=caller.user)  # so that two calls share one run
    mine = AgentRun.objects.filter(user=caller.user, trigger=AgentRun.Trigger.MCP, created_at__gt=now - ONE_RUN)
    return mine.order_by("-created_at").first() or AgentRun.objects.create(
        user=caller.user,
        portfolio=context.portfolio,
        trigger=AgentRun.Trigger.MCP,
        mode=RunMode.SUGGEST,
        provider=config_of(caller.user, now=now).provider,
        state=RunState.SUCCEEDED,
        tainted=True,
        taint_reason=TAINT,
        created_at=now,
        started_at=now,
        finished_at=now,
    )


def _note(
    run: AgentRun,
    name: str,
    given: Mapping[str, Any] | None,
    content: Mapping[str, Any],
    done: Sequence[Mapping[str, Any]],
    began: float,
    now: datetime,
) -> None:
    """A step of the run, and what it changed."""
    milliseconds = int((time.monotonic() - began) * 1000)
    Recorder(run, clock=lambda: now).add(
        AgentStep.Kind.TOOL, name=name, given=given or {}, result=content, milliseconds=milliseconds
    )
    if done:
        run.actions_taken = [*run.actions_taken, *(dict(one) for one in done)]
        run.save(update_fields=["actions_taken"])


def _failed(text: str, **more: Any) -> Result:
    return Result(text=json.dumps({"error": text, **more}, default=str), failed=True)
