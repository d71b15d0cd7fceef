"""How a rule would have done over stored bars."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from agent.rule_arguments import RuleFields, given
from agent.tools.base import Answer, Arguments, Context, Reach
from automation.models import Action
from automation.replay import running
from automation.replay.running import Answered
from common.errors import InvalidInput, NotFound

MOST_FIRINGS = 20


class Wanted(Arguments):
    """Exactly one of a stored rule's id, a draft, and the id of a replay that was queued."""

    id: UUID | None = None
    rule: RuleFields | None = None
    replay: UUID | None = None
    begin: date | None = None
    end: date | None = None
    timeframe: Literal["1d", "1m"] = "1d"


class SimulateAction:
    """A replay: nothing is created, nothing ordered. A large one is queued, and read by its id later."""

    name = "simulate_action"
    description = (
        "Replays a rule (id) or a draft (rule) over stored daily or minute bars: firings, result after costs, buying "
        "and holding beside it. A large replay is queued: ask again with its id (replay)."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        if sum(one is not None for one in (arguments.id, arguments.rule, arguments.replay)) != 1:
            raise InvalidInput({"rule": "Give exactly one of id, rule and replay."})
        if arguments.replay is not None:
            return Answer(content=_run(running.run_of(context.user, arguments.replay)))
        question: dict[str, Any] = {"timeframe": arguments.timeframe}
        if arguments.begin is not None:
            question["from"] = arguments.begin.isoformat()
        if arguments.end is not None:
            question["to"] = arguments.end.isoformat()
        return Answer(content=_told(self._ask(arguments, question, context)))

    def _ask(self, arguments: Wanted, question: dict[str, Any], context: Context) -> Answered:
        if arguments.rule is not None:
            rule = {**given(arguments.rule), "portfolio": str(context.portfolio.pk)}
            return running.ask_draft(user=context.user, rule=rule, data=question, now=context.now)
        rules = Action.objects.filter(user=context.user, portfolio=context.portfolio)
        action = rules.select_related("instrument", "portfolio").filter(pk__in=[arguments.id]).first()
        if action is None:
            raise NotFound(f"There is no rule {arguments.id} in this portfolio.")
        return running.ask(user=context.user, action=action, data=question, now=context.now)


def _told(answered: Answered) -> dict[str, Any]:
    return _run(answered.run) if answered.run is not None else _result(answered.result or {})


def _run(run: Any) -> dict[str, Any]:
    return {"replay": str(run.pk), "state": run.state, "error": run.error, **_result(run.result or {})}


def _result(result: dict[str, Any]) -> dict[str, Any]:
    """Without the curve, and with the first firings only."""
    kept: dict[str, Any] = {
        key: result[key] for key in ("symbol", "timeframe", "summary", "stopped", "notes") if key in result
    }
    return {**kept, "firings": result.get("firings", [])[:MOST_FIRINGS]}


SIMULATE_ACTION = SimulateAction()
