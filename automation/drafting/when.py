"""When a rule acts: its trigger, and the conditions that must hold then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from automation.drafting.base import storable
from automation.drafting.which_goal import WhichGoal
from automation.strategies.known import name_into
from automation.triggers.base import BadParams, Params
from automation.triggers.lasting import FOR_SECONDS
from automation.triggers.reading import Reader, shown
from automation.triggers.registry import CONDITIONS, TRIGGERS

MOST_CONDITIONS = 10


class When(WhichGoal):
    def _trigger(self) -> None:
        kind = self._required_choice("trigger_type", TRIGGERS)
        raw = self.read.take("trigger_params")
        self.fields.update(trigger_type=kind, trigger_params={})
        if kind is None:
            return
        trigger = TRIGGERS[kind]
        if trigger.needs_symbol and self.instrument is None:
            self.errors.setdefault("symbol", f"is required for {kind}: give a symbol such as AAPL")
        raw = self._goal_of_trigger(kind, raw)
        if raw is None and "trigger_params.goal" in self.errors:
            return
        try:
            self.fields["trigger_params"] = trigger.parse({} if raw is None else raw)
        except BadParams as bad:
            for key, text in bad.errors.items():
                self.errors[f"trigger_params.{key}" if key else "trigger_params"] = text
            return
        if kind == "signal" and not self._unchanged("trigger_params", self.fields["trigger_params"]):
            symbol = self.instrument.symbol if self.instrument else None
            if problem := name_into(self.fields["trigger_params"], self.user, symbol):
                self.errors["trigger_params.strategy"] = problem

    def _conditions(self) -> None:
        """A list of conditions in the triggers' own words; a missing symbol is the rule's."""
        given = self.read.take("conditions")
        self.fields["conditions"] = []
        if given is None:
            return
        if not isinstance(given, (list, tuple)) or len(given) > MOST_CONDITIONS:
            self.errors["conditions"] = f"{shown(given)} is not a list of at most {MOST_CONDITIONS} conditions"
            return
        self.fields["conditions"] = [self._condition(f"conditions.{n}", raw) for n, raw in enumerate(given)]

    def _condition(self, key: str, raw: Any) -> dict[str, Any]:
        try:
            read = Reader(raw, "a key of a condition")
        except BadParams as bad:
            self.errors[key] = bad.errors[""]
            return {}
        kind, symbol = read.take("trigger_type"), read.take("symbol")
        params = read.take("trigger_params")
        try:
            read.done()
        except BadParams as bad:
            self.errors.update({f"{key}.{name}": text for name, text in bad.errors.items()})
        if kind not in CONDITIONS:
            self.errors[f"{key}.trigger_type"] = f"{shown(kind)} cannot be a condition: use {' or '.join(CONDITIONS)}"
            return {}
        condition: dict[str, Any] = {"trigger_type": kind}
        try:
            condition["trigger_params"] = TRIGGERS[kind].parse({} if params is None else params)
        except BadParams as bad:
            for name, text in bad.errors.items():
                self.errors[f"{key}.trigger_params{'.' + name if name else ''}"] = text
        else:
            for name, text in _no_state(kind, condition["trigger_params"]):
                self.errors[f"{key}.trigger_params.{name}"] = text
        if symbol is not None:
            known = isinstance(symbol, str) and storable(symbol)
            found = self.lookups.instrument(symbol.strip().upper()) if known else None
            if found is None or not found.active:
                self.errors[f"{key}.symbol"] = f"{shown(symbol)} is not a known symbol: see /api/markets/instruments/"
            else:
                condition["symbol"] = found.symbol
        elif TRIGGERS[kind].needs_symbol and self.instrument is None:
            self.errors[f"{key}.symbol"] = "is required: the rule itself has no symbol"
        return condition


def _no_state(kind: str, params: Params) -> Iterator[tuple[str, str]]:
    """What a trigger can wait for and a condition cannot ask: it looks at one moment."""
    if params.get(FOR_SECONDS):
        yield FOR_SECONDS, f"'{params[FOR_SECONDS]}' does not go with a condition: give it to the rule's trigger"
    if params.get("window") == "since_armed":
        yield (
            "window",
            "'since_armed' does not go with a condition, which is not armed: use 1d, 15m … or session",
        )
    if kind == "ma_cross" and params["direction"] == "either":
        yield "direction", "'either' would always be true: use up (short above long) or down"
