"""A sentence to drafts of Actions. What it leaves open is asked, what it does not understand is said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent.parse import clocks, days, effects, repetition, telling, validity
from agent.parse.clocks import Clock
from agent.parse.effects import Effect
from agent.parse.fillers import FILLERS
from agent.parse.normalise import Line, normalise
from agent.parse.refusals import refusal_of
from agent.parse.triggers import Found, find_triggers
from agent.parse.types import Notes, Parsed, Reading

LONGEST = 500
CLOCK_KINDS = ("time_of_day", "cron")
OPPOSITE = {
    "price_above": "price_below",
    "price_below": "price_above",
    "rsi_above": "rsi_below",
    "rsi_below": "rsi_above",
}


def parse(text: str, reading: Reading) -> Parsed:
    """Read one sentence. Never raises for what it cannot understand: that is a question or a refusal."""
    said = " ".join(text.split())
    notes = Notes()
    if not said:
        notes.ask("text", "Say what should happen, such as: Sell 10 AAPL if the price drops below 150.")
        return Parsed(text=text, questions=tuple(notes.questions))
    if len(said) > LONGEST:
        notes.ask("text", f"That is {len(said)} characters: say one rule in at most {LONGEST}.")
        return Parsed(text=text, questions=tuple(notes.questions))
    if refused := refusal_of(said):
        return Parsed(text=text, refused=refused)
    today = days.today_of(reading)
    line = normalise(said, reading.names, year_of=lambda month, day: days.coming(month, day, today))
    return _Sentence(text, line, reading, notes).parsed()


class _Sentence:
    """One sentence on its way to drafts."""

    def __init__(self, text: str, line: Line, reading: Reading, notes: Notes) -> None:
        self.text, self.line, self.reading, self.notes = text, line, reading, notes
        self.limits: dict[str, Any] = {}

    def parsed(self) -> Parsed:
        line, notes = self.line, self.notes
        whole = line.text
        unknown = effects.find_unknown(line)
        order = effects.find_order(line)
        targets = effects.find_targets(line, notes) if re.search(r"\brebalance\b", whole) else {}
        triggers = find_triggers(line, self.reading, notes)
        hold = repetition.find_hold(
            line, stays=any(re.search(r"\b(?:stays?|remains?|holds?)\b", found.text) for found in triggers)
        )
        self.limits = repetition.find_repetition(line, notes)
        self.limits |= validity.find_validity(line, self.reading, notes)
        clock = clocks.find_clock(line, self.reading, notes)
        kind = effects.find_kind(line, notes)
        if kind is None and not notes.questions and any(found.sells for found in triggers):
            kind = "SELL"
        effect = Effect(kind=kind, targets=targets)
        effect.size = effects.find_size(line, kind, notes) if kind in ("BUY", "SELL") else {}
        effect.goal = effects.find_goal(line) if kind == "REBALANCE" else None
        if kind == "SELL" and not effect.size:
            effect.size = self._whole_position(triggers)
        symbols = effects.find_symbols(line)
        for word in unknown:
            notes.ask("symbol", f"{word} is not a symbol known here: which company or ticker is meant?")
        symbol = self._symbol(effect, symbols, triggers)
        self._left_over(effect)
        drafts = self._drafts(effect, symbol, triggers, clock, hold, order, whole)
        return Parsed(
            text=self.text,
            drafts=tuple(drafts),
            understood=tuple(notes.understood),
            assumed=tuple(notes.assumed),
            questions=tuple(notes.questions),
        )

    def _whole_position(self, triggers: list[Found]) -> dict[str, str]:
        """“A stop on all my AAPL”: the size is said with the stop."""
        said = " ".join(found.text for found in triggers if found.sells)
        if not re.search(r"\b(?:all|my)\b", said):
            return {}
        if not re.search(r"\ball\b", said):
            self.notes.assume("All of it: no number was given.")
        return {"percent_of_position": "100"}

    # --- who and what
    def _symbol(self, effect: Effect, symbols: list[str], triggers: list[Found]) -> str | None:
        """The one symbol a rule is about."""
        notes = self.notes
        if effect.kind is None and not notes.questions:
            notes.ask("action_type", "What should be done: buy, sell, or tell you?", "buy", "sell", "tell me")
        if len(symbols) > 1:
            notes.ask(
                "symbol", f"{' and '.join(symbols)}: a rule trades one symbol. Say one sentence for each.", *symbols
            )
        main = symbols[0] if symbols else None
        spoken_of = [*(found.symbol for found in triggers if found.symbol), *self.line.mentioned]
        if main is None and spoken_of:
            main = spoken_of[0]
        needs = effect.kind in ("BUY", "SELL") or any(
            found.kind not in ("drawdown_above", "drift_above", "signal") for found in triggers
        )
        if main is None and needs and effect.kind != "REBALANCE" and not self._asked("symbol"):
            left = self.line.spoken(" ".join(self._left()))
            notes.ask("symbol", f"“{left}” is not a symbol or company known here." if left else "Which stock or ETF?")
        return main

    def _watches_what_it_trades(self, effect: Effect, symbol: str | None, chosen: list[Found]) -> None:
        other = next((found.symbol for found in chosen if found.symbol and found.symbol != symbol), None)
        if other and effect.kind in ("BUY", "SELL"):
            self.notes.ask(
                "symbol",
                f"A rule watches the symbol it trades: {other} can be a condition of a rule on {symbol}, or be told.",
                f"tell me about {other}",
            )

    def _asked(self, name: str) -> bool:
        return any(question.field == name for question in self.notes.questions)

    def _left(self) -> list[str]:
        words = re.sub(r"[|,]+", " ", self.line.text).split()
        return [word for word in words if word not in FILLERS and not re.fullmatch(r"[&/+<>=']+", word)]

    def _left_over(self, effect: Effect) -> None:
        """Words nobody understood are asked about: half a sentence is another rule than the whole.

        What somebody wants to be reminded of is theirs to say.
        """
        left = self._left()
        if left and effect.kind == "NOTIFY" and re.match(r".*\bremind", self.text, re.IGNORECASE):
            effect.message = " ".join(self.text.split())[:500]
        elif left and not self.notes.questions:
            self.notes.ask(
                "text",
                f"I did not understand “{self.line.spoken(' '.join(left))}”. Say it in other words, or leave it out.",
            )

    # --- drafts
    def _drafts(
        self,
        effect: Effect,
        symbol: str | None,
        triggers: list[Found],
        clock: Clock | None,
        hold: int | None,
        order: Mapping[str, Any],
        whole: str,
    ) -> list[dict[str, Any]]:
        notes = self.notes
        if clock is not None:
            chosen: list[tuple[str, dict[str, Any], str | None]] = [(clock.kind, dict(clock.params), None)]
            conditions = triggers
            if clock.recurring:
                self.limits.setdefault("max_executions", None)
            if clock.window:
                self.limits = {"valid_from": clock.window[0], "valid_until": clock.window[1], **self.limits}
            alternatives = False
        else:
            alternatives = len(triggers) > 1 and self._either(whole, triggers)
            first = triggers if alternatives else triggers[:1]
            self._watches_what_it_trades(effect, symbol, first)
            chosen = [(found.kind, found.params, found.symbol) for found in first]
            conditions = [] if alternatives else triggers[1:]
            if first and self._negated(first[0]):
                notes.ask("trigger", "“Unless” says when not to: when should it happen?")
        base = self._base(effect, symbol, order)
        if not chosen:
            if not notes.questions:
                notes.ask(
                    "trigger",
                    "When should it happen? Give a price, a change, a time or an indicator.",
                    "at the open",
                    "if it drops 5% today",
                )
            return []
        if hold:
            if chosen[0][0] in CLOCK_KINDS:
                notes.ask("for_seconds", "A time cannot last: leave out for how long.")
            for _, params, _ in chosen:
                params["for_seconds"] = hold
        said = [self._condition(found, symbol) for found in conditions]
        if len(re.findall(r"\bunless\b", self.line.text)) > sum(self._negated(found) for found in triggers):
            notes.ask("conditions", "“Unless” what? Say a price or an RSI.")
        drafts = [
            {
                **base,
                **({"symbol": own} if own and effect.kind == "NOTIFY" else {}),
                "trigger_type": kind,
                "trigger_params": params,
                **({"conditions": said} if said else {}),
            }
            for kind, params, own in chosen
        ]
        if alternatives:
            self._group(drafts, effect, symbol)
        self._understood(effect, symbol, chosen, said)
        return drafts

    def _base(self, effect: Effect, symbol: str | None, order: Mapping[str, Any]) -> dict[str, Any]:
        notes = self.notes
        base: dict[str, Any] = {"action_type": effect.kind}
        if symbol:
            base["symbol"] = symbol
        if effect.message:
            base["message"] = effect.message
        if effect.kind in ("BUY", "SELL"):
            if not effect.size and not self._asked("size"):
                notes.ask(
                    "size",
                    "How much? Give shares, dollars or a percentage.",
                    "10 shares",
                    "$1,000",
                    "half my position" if effect.kind == "SELL" else "5% of my portfolio",
                )
            base |= effect.size | dict(order)
        if effect.kind == "REBALANCE":
            if effect.goal:
                base["goal"] = effect.goal
            elif effect.targets:
                base["targets"] = effect.targets
            else:
                notes.ask("goal", "Rebalance to what? Name a goal, or give weights such as 60% SPY, 40% AGG.")
            base.pop("symbol", None)
        base["max_executions"] = self.limits.get("max_executions", 1)
        for key in ("cooldown_seconds", "valid_from", "valid_until"):
            if key in self.limits:
                value = self.limits[key]
                base[key] = value if isinstance(value, int) else value.isoformat()
        return base

    def _either(self, whole: str, triggers: list[Found]) -> bool:
        """Whether the sentence says “or” between its triggers."""
        first, last = triggers[0].at, triggers[-1].at
        if all(found.sells for found in triggers):  # a target and a stop
            return True
        return bool(re.search(r"\bor\b", self.line.text[first:last])) or bool(
            re.search(r"\b(?:whichever|either)\b", whole)
        )

    def _condition(self, found: Found, symbol: str | None) -> dict[str, Any]:
        """A further trigger is a condition: it must hold when the rule fires. After “unless” it must not."""
        negated = self._negated(found)
        kind = found.kind
        if kind in ("trailing_stop", "signal", "drift_above"):
            self.notes.ask(
                "conditions", "A trailing stop, a signal or a drift can start a rule, not be a condition of one."
            )
        if negated:
            if kind not in OPPOSITE:
                self.notes.ask("conditions", "“Unless” goes with prices and RSI: say what must be so instead.")
            kind = OPPOSITE.get(kind, kind)
        params = {key: value for key, value in found.params.items() if key != "edge"}
        condition: dict[str, Any] = {"trigger_type": kind, "trigger_params": params}
        if found.symbol and found.symbol != symbol:
            condition["symbol"] = found.symbol
        return condition

    def _negated(self, found: Found) -> bool:
        return bool(re.search(r"\bunless[\s|]*$", self.line.text[: found.at]))

    def _group(self, drafts: list[dict[str, Any]], effect: Effect, symbol: str | None) -> None:
        """“A or B” is one rule for each; of trades the first that executes ends the others."""
        if effect.kind in ("BUY", "SELL"):
            name = f"{symbol or 'rule'} {self.reading.now:%Y-%m-%d %H:%M:%S}"
            for draft in drafts:
                draft["group"] = name
            self.notes.assume("The first of them that executes cancels the other.")

    def _understood(self, effect: Effect, symbol: str | None, chosen: list[Any], conditions: list[Any]) -> None:
        notes = self.notes
        notes.understood.append(telling.effect(effect.kind, symbol, effect.size, effect.targets))
        notes.understood += [telling.trigger(kind, params, symbol) for kind, params, _ in chosen]
        notes.understood += [
            "only " + telling.trigger(one["trigger_type"], one["trigger_params"], one.get("symbol") or symbol)
            for one in conditions
        ]
        for key in ("valid_from", "valid_until"):
            if key in self.limits:
                notes.understood.append(
                    f"{'from' if key == 'valid_from' else 'until'} {self.limits[key]:%Y-%m-%d %H:%M} UTC"
                )
