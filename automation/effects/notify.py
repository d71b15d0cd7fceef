"""NOTIFY: tell the owner. Also what a trading rule does in the modes monitor and notify, with its shadow trade."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation.effects.base import Done
from automation.firing import seen_sentence
from automation.models import ActionExecution, ActionType, ExecutionState, Mode
from automation.sentences import effect_sentence, trigger_sentence, when_sentence
from automation.shadowing import record_shadows


class Notify:
    """Raises one alert per execution, unless the mode is monitor: then the execution itself is the record."""

    types = (ActionType.NOTIFY.value,)

    def carry_out(self, executions: Sequence[ActionExecution], *, now: datetime) -> list[Done]:
        shadows = record_shadows(executions, now=now)
        raise_alerts([_alert(e) for e in executions if e.action.mode != Mode.MONITOR], now)
        return [
            Done(
                state=ExecutionState.SUCCEEDED,
                details={"effect": _effect(e), **({"shadow": shadows[e.id]} if e.id in shadows else {})},
            )
            for e in executions
        ]


def _effect(execution: ActionExecution) -> str:
    return "recorded" if execution.action.mode == Mode.MONITOR else "told"


def _alert(execution: ActionExecution) -> NewAlert:
    action = execution.action
    if action.action_type == ActionType.NOTIFY:
        title = action.message or f"{trigger_sentence(action)}"
    else:
        title = f"Your rule says: {effect_sentence(action)}. Nothing was ordered (mode: notify)."
    return NewAlert(
        user_id=action.user_id,
        kind=Alert.Kind.NOTE,
        title=title[:200],
        body=f"Your rule: {when_sentence(action)}. Seen: {seen_sentence(execution)}.",
        symbol=action.instrument_id or "",
        data={"action": str(action.id), "execution": str(execution.id)},
        dedupe_key=f"note:{execution.id}",
        trace_id=execution.trace_id,
    )


NOTIFY = Notify()
