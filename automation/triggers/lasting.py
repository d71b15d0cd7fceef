"""`for_seconds`, a parameter of every trigger: its condition must hold that long without a break before it fires.

Read here once for all of them. What holding means is in `watches.machine`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from automation.triggers.base import BadParams, ClockPlan, Params, Plan, Trigger
from automation.triggers.reading import Reader, shown

FOR_SECONDS = "for_seconds"
LONGEST = 7 * 86_400  # a week


class Lasting:
    """A trigger that may have to last. 0 and absent are the same, and kept as absent: then nothing is added to it."""

    def __init__(self, trigger: Trigger) -> None:
        self.trigger = trigger
        self.type = trigger.type
        self.needs_symbol = trigger.needs_symbol
        self.of_portfolio = trigger.of_portfolio

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(raw, Mapping):
            return self.trigger.parse(raw)
        rest = dict(raw)
        read = Reader({FOR_SECONDS: rest.pop(FOR_SECONDS)} if FOR_SECONDS in rest else {})
        seconds = read.integer(FOR_SECONDS, default=0, at_least=0, at_most=LONGEST)
        try:
            params = self.trigger.parse(rest)
        except BadParams as bad:
            raise BadParams({**{key: _hint(key, text) for key, text in bad.errors.items()}, **read.errors}) from None
        if seconds and isinstance(self.trigger.plan(params, ""), ClockPlan):
            read.errors[FOR_SECONDS] = f"{shown(seconds)} does not go with {self.type}: an instant cannot last"
        read.done()
        return {**params, FOR_SECONDS: seconds} if seconds else params

    def plan(self, params: Params, subject: str) -> Plan:
        plan = self.trigger.plan(params, subject)
        if isinstance(plan, ClockPlan) or not params.get(FOR_SECONDS):
            return plan
        return replace(plan, spec=replace(plan.spec, hold_seconds=params[FOR_SECONDS]))

    def sentence(self, params: Params, symbol: str) -> str:
        text = self.trigger.sentence(params, symbol)
        return f"{text} and stays so for {duration(params[FOR_SECONDS])}" if params.get(FOR_SECONDS) else text

    @property
    def example(self) -> dict[str, Any]:
        return self.trigger.example


def _hint(key: str, text: str) -> str:
    """The trigger's complaint about a key, with the one it does not know itself among those to choose from."""
    if "is not a parameter" in text and difflib.get_close_matches(key, [FOR_SECONDS], n=1):
        return f"{text.partition(':')[0]}: did you mean {FOR_SECONDS}?"
    return f"{text}, {FOR_SECONDS}" if "known keys are" in text else text


def duration(seconds: int) -> str:
    """A length of time in its largest whole unit: 90 s, 5 min, 2 h, 1 d."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
