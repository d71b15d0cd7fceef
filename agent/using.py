"""A tool call from the model, carried out: strict arguments, the run's reach, every failure said to the model."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from agent.fencing import Words
from agent.limits import Meter
from agent.models import AgentRun, AgentStep
from agent.providers.base import ToolCall, ToolResult
from agent.steps import Recorder
from agent.tools.base import Context, Reach, around
from agent.tools.registry import TOOLS
from common.errors import Conflict, PufflingError

log = logging.getLogger(__name__)
LONGEST_RESULT = 30_000  # characters; a model that needs more asks for less at a time
SUBMIT = "submit_report"


@dataclass
class Toolbox:
    """The tools of one run. `seen` keeps every result, for grounding; `taint` the first reason not to trust the run."""

    run: AgentRun
    context: Context
    reach: Reach
    meter: Meter
    recorder: Recorder
    seen: list[str] = field(default_factory=list)
    done: list[dict[str, Any]] = field(default_factory=list)
    taint: str = ""

    def use(self, call: ToolCall) -> ToolResult:
        """Do what was asked, or say why not. Never raises for what a model can cause."""
        began = time.monotonic()
        content, failed = self._answer(call)
        text = json.dumps(content, ensure_ascii=False, default=str)
        if len(text) > LONGEST_RESULT:
            text = text[:LONGEST_RESULT] + "… (cut: ask for less at a time)"
        if not failed:
            self.seen.append(text)
        self.recorder.add(
            AgentStep.Kind.TOOL,
            name=call.name,
            given={"unreadable": call.raw} if call.arguments is None else call.arguments,
            result=content,
            failed=failed,
            milliseconds=int((time.monotonic() - began) * 1000),
        )
        return ToolResult(call_id=call.id, content=text, failed=failed)

    def _answer(self, call: ToolCall) -> tuple[dict[str, Any], bool]:
        if call.arguments is None:
            return {"error": f"{call.problem}. Call it again with complete JSON."}, True
        tool = TOOLS.get(call.name)
        if tool is None or tool.reach > self._reach():
            return {"error": f"There is no tool {call.name!r} in this run."}, True
        if not self.meter.may_use_a_tool():
            return {"error": "No more tools may be used in this run: submit the report now."}, True
        try:
            arguments = tool.arguments.model_validate(call.arguments)
        except ValidationError as wrong:
            problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors(include_url=False)][:10]
            return {"error": "The arguments cannot be used.", "problems": problems}, True
        try:
            with around(tool):
                answer = tool.run(arguments, self.context)
        except Conflict as error:  # it speaks of what is stored, and may quote a name
            words = Words()
            told = words.of(error.detail, "an error that may quote names")
            self.distrust(words.taint)
            return {"error": told, "code": error.code}, True
        except PufflingError as error:
            return {"error": error.detail, "code": error.code}, True
        self.distrust(answer.taint)
        self.done += [dict(one) for one in answer.done]
        return dict(answer.content), False

    def _reach(self) -> Reach:
        """Untrusted text in the run: nothing may act any more."""
        return min(self.reach, Reach.PROPOSE) if self.taint or self.context.tainted else self.reach

    def distrust(self, reason: str) -> None:
        """The run has read text nobody vouches for; an empty reason: it has not."""
        if reason and not self.taint:
            self.taint = reason
            self._mark_tainted(reason)

    def _mark_tainted(self, reason: str) -> None:
        """From here on the run can only propose; its row says so before anything else happens."""
        self.run.tainted, self.run.taint_reason = True, reason[:200]
        self.run.save(update_fields=["tainted", "taint_reason"])
        self.context = replace(self.context, tainted=True)
