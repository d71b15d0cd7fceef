"""A run from its first fact to its report: ask, use tools, ask again, report. It always ends with a report.

A worker holds the run under a lease. A run that lost its worker is ended, not repeated: what it did is in its steps,
and asking a model twice is paid twice.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from agent import budget, chatting, offline, prompts
from agent.asking import Asker
from agent.budget import BudgetExhausted
from agent.concluding import hand_over, propose_all
from agent.configuring import config_of
from agent.grounding import ungrounded
from agent.limits import LimitReached, Meter
from agent.models import AgentConfig, AgentRun, AgentStep, ChatMessage, RunState
from agent.news.reader import ModelReader
from agent.providers.base import ModelTurn, Provider, Request, Stop, ToolCall, ToolResult, Turn, UserTurn
from agent.providers.opening import open_provider
from agent.report import Report, Stored
from agent.starting import OPEN, tell
from agent.steps import Recorder, storable
from agent.submitting import REPORT_TOOL, Unusable, read_report
from agent.tools.base import Context, Reach
from agent.tools.registry import specs
from agent.using import SUBMIT, Toolbox
from alerts.models import Alert
from alerts.raising import raise_alert
from common.errors import PufflingError

log = logging.getLogger(__name__)
LEASE_SLACK = timedelta(seconds=60)
ANSWER_SECONDS = 60.0  # for one answer of the model
REACH = {"report": Reach.READ, "suggest": Reach.PROPOSE, "execute": Reach.ACT}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run came to its end. `report` is None when the model gave none."""

    state: RunState
    report: Report | None = None
    code: str = ""
    error: str = ""


def execute(
    run_id: UUID,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    provider: Provider | None = None,
) -> bool:
    """Do one run to its end. Returns whether it was ours to do. Safe to call twice, at once and later."""
    now = clock()
    run = _claim(run_id, now=now)
    if run is None:
        return False
    config = config_of(run.user, now=now)
    recorder = Recorder(run, clock=clock)
    meter = Meter.of(config, now=now)
    context = Context(
        user=run.user, portfolio=run.portfolio, now=now, run_id=run.pk, trace_id=run.trace_id, mode=run.mode
    )
    toolbox = Toolbox(run=run, context=context, reach=REACH[run.mode], meter=meter, recorder=recorder)
    if run.question:
        toolbox.distrust("a question: what is pasted into one is nobody's word")
    if run.attempts > 1:
        ending = Ending(state=RunState.FAILED, code="INTERRUPTED", error="Its worker was gone in the middle of it.")
        _finish(run, ending, toolbox, clock)
        return True
    asker: Asker | None = None
    try:
        thinking = provider or open_provider(user_id=run.user_id, kind=run.provider)
        if thinking is None:
            ending = Ending(state=RunState.SUCCEEDED, report=offline.analyse(context, toolbox))
        else:
            price = budget.price_of(user_id=run.user_id, provider=run.provider, model=run.model)
            asker = Asker(
                run=run, provider=thinking, price=price, meter=meter, recorder=recorder, clock=clock, sleep=sleep
            )
            reader = ModelReader(asker=asker, model=run.model, max_output_tokens=config.max_output_tokens)
            toolbox.context = replace(toolbox.context, reader=reader)
            ending = _Talk(run, config, asker, toolbox).to_its_end()
    except (BudgetExhausted, LimitReached) as over:
        recorder.add(AgentStep.Kind.BUDGET, name=over.code, text=over.detail)
        ending = Ending(state=RunState.STOPPED, code=over.code, error=over.detail)
    except PufflingError as error:
        recorder.add(AgentStep.Kind.ERROR, name=error.code, text=error.detail, failed=True)
        ending = Ending(state=RunState.FAILED, code=error.code.upper(), error=error.detail)
    except Exception:
        log.exception("agent run %s failed", run.pk)
        recorder.add(AgentStep.Kind.ERROR, name="INTERNAL", text="A fault of ours ended the run.", failed=True)
        if asker is not None:
            _count(run, asker)
        _finish(run, Ending(state=RunState.FAILED, code="INTERNAL", error="A fault of ours."), toolbox, clock)
        raise
    if asker is not None:
        _count(run, asker)
    _finish(run, ending, toolbox, clock)
    return True


def _claim(run_id: UUID, *, now: datetime) -> AgentRun | None:
    """Take a run that waits, or whose worker is gone; None when somebody has it or it has ended."""
    waiting = Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lte=now)
    run = AgentRun.objects.filter(pk=run_id).select_related("user", "portfolio").first()
    if run is None:
        return None
    longest = timedelta(seconds=config_of(run.user, now=now).max_seconds) + LEASE_SLACK
    taken = AgentRun.objects.filter(waiting, pk=run_id).update(
        state=RunState.RUNNING, lease_until=now + longest, started_at=now, attempts=F("attempts") + 1
    )
    if not taken:
        return None
    run.refresh_from_db()
    with transaction.atomic():
        tell(run, now)
    return run


class _Talk:
    """The conversation of one run with its model."""

    def __init__(self, run: AgentRun, config: AgentConfig, asker: Asker, toolbox: Toolbox) -> None:
        self.run, self.config, self.asker, self.toolbox = run, config, asker, toolbox
        self.system = prompts.system(run, config)
        self.turns: list[Turn] = []
        self.nudged = False

    def to_its_end(self) -> Ending:
        """Ask until there is a report. Raises what ends a run before its time."""
        facts = prompts.facts(self.toolbox)
        AgentRun.objects.filter(pk=self.run.pk).update(prompt_hash=hashlib.sha256(self.system.encode()).hexdigest())
        first = prompts.first_turn(self.run, self.config, facts)
        self.toolbox.seen.append(first)
        self.asker.recorder.add(AgentStep.Kind.PROMPT, text=first)
        self.turns.append(UserTurn(text=first))
        force = False
        while True:
            self._still_wanted()
            reply = self.asker.ask(self._request(force=force))
            self.turns.append(reply.turn)
            if reply.stop is Stop.REFUSAL:
                return Ending(
                    state=RunState.FAILED, code="REFUSED", error=f"The model refused: {reply.turn.text[:200]}"
                )
            report, answer = self._answered(reply.turn)
            if report is not None:
                return Ending(state=RunState.SUCCEEDED, report=report)
            self.turns.append(answer)
            force = not reply.turn.calls or self.toolbox.meter.tool_calls >= self.toolbox.meter.max_tool_calls

    def _request(self, *, force: bool) -> Request:
        tools = (*specs(self.toolbox.reach), REPORT_TOOL)
        meter = self.toolbox.meter
        return Request(
            model=self.run.model,
            system=self.system,
            turns=tuple(self.turns),
            tools=tools,
            max_output_tokens=self.config.max_output_tokens,
            timeout=min(ANSWER_SECONDS, meter.seconds_left(self.asker.clock())),
            force_tool=SUBMIT if force else None,
        )

    def _answered(self, turn: ModelTurn) -> tuple[Report | None, UserTurn]:
        """The report if it was submitted, and what the model hears otherwise. Other calls beside a report are done."""
        results: list[ToolResult] = []
        report: Report | None = None
        for given in turn.calls:
            call = replace(given, arguments=None if given.arguments is None else storable(given.arguments))
            if call.name == SUBMIT:
                report, result = self._submitted(call)
                results.append(result)
            else:
                results.append(self.toolbox.use(call))
        if report is None and not turn.calls:
            return None, UserTurn(text=f"Call {SUBMIT} now: a run ends with a report.")
        return report, UserTurn(results=tuple(results))

    def _submitted(self, call: ToolCall) -> tuple[Report | None, ToolResult]:
        try:
            return read_report(call), ToolResult(call_id=call.id, content="received")
        except Unusable as problem:
            self.asker.recorder.add(AgentStep.Kind.ERROR, name=SUBMIT, text=problem.detail, failed=True)
            return None, ToolResult(call_id=call.id, content=problem.detail, failed=True)

    def _still_wanted(self) -> None:
        state = AgentRun.objects.values_list("state", flat=True).get(pk=self.run.pk)
        if state not in OPEN:
            raise LimitReached("The run was cancelled.", code="CANCELLED")


def _count(run: AgentRun, asker: Asker) -> None:
    usage = asker.meter.usage
    run.cost, run.calls = asker.cost, asker.meter.calls
    run.usage = {
        "input": usage.input,
        "output": usage.output,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
    }


def _finish(run: AgentRun, ending: Ending, toolbox: Toolbox, clock: Callable[[], datetime]) -> None:
    """Write the report, turn its suggestions into proposals, and end the run. A cancelled run proposes nothing."""
    now = clock()
    cancelled = not AgentRun.objects.filter(pk=run.pk, state=RunState.RUNNING).exists()
    report = ending.report or offline.what_was_done(toolbox, ending.error)
    missing = ungrounded(
        [report.summary, *(one.text for one in report.observations), *report.risks], sources=toolbox.seen
    )
    reported = ending.report if not cancelled else None
    refused = propose_all(run, reported.suggestions, toolbox, now=now) if reported else []
    done, cards = hand_over(run, toolbox.done)
    stored = Stored(
        report=report,
        offline=run.provider == "offline",
        complete=ending.report is not None,
        ended_because=ending.error,
        ungrounded=missing,
        refused=refused,
        at=now,
    )
    toolbox.recorder.add(AgentStep.Kind.REPORT, text=report.summary)
    with transaction.atomic():
        locked = AgentRun.objects.select_for_update().get(pk=run.pk)
        state = ending.state if locked.state == RunState.RUNNING else RunState(locked.state)
        locked.report = stored.model_dump(mode="json")
        locked.actions_taken = done
        locked.cost, locked.calls, locked.usage = run.cost, run.calls, run.usage
        locked.tainted, locked.taint_reason = run.tainted, run.taint_reason
        if locked.state == RunState.RUNNING:
            locked.state, locked.reason_code, locked.error = state, ending.code[:40], ending.error[:400]
            locked.finished_at, locked.lease_until = now, None
        locked.save()
        tell(locked, now)
        if locked.trigger == AgentRun.Trigger.SCHEDULE:
            raise_alert(
                user_id=locked.user_id,
                kind=Alert.Kind.NOTE,
                title=f"{'Offline report' if stored.offline else 'The agent reports'}: {report.summary}",
                body=_told(stored),
                data={"agent_run": str(locked.pk)},
                dedupe_key=f"agent-run:{locked.pk}",
                trace_id=locked.trace_id,
                now=now,
            )
        if locked.conversation is not None:
            role = ChatMessage.Role.ASSISTANT
            chatting.add(locked.conversation, role=role, text=_told(stored), now=now, run=locked, cards=cards)


def _told(stored: Stored) -> str:
    """The report as a message of a conversation."""
    label = "(Offline, without a language model) " if stored.offline else ""
    report = stored.report
    lines = [f"{label}{report.summary}", *(f"• {one.text}" for one in report.observations)]
    return "\n".join([*lines, *(f"Mind: {risk}" for risk in report.risks)])
