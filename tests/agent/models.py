"""Models in the test's own process: one that plays a script of calls, one that obeys whatever it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from agent.providers.base import ModelTurn, Reply, Request, Stop, ToolCall, Usage, UserTurn
from agent.using import SUBMIT

Call = tuple[str, Mapping[str, Any] | None]


class Played:
    """Makes the calls of a script, so many per answer; then reports. `heard` is every tool's answer."""

    name = "played"

    def __init__(self, calls: Sequence[Call], *, report: Mapping[str, Any] | None = None, per_turn: int = 25) -> None:
        self._calls, self._per_turn = list(calls), per_turn
        self._report = report or {"summary": "Done."}
        self.heard: list[str] = []

    def complete(self, request: Request, *, on_text: Callable[[str], None]) -> Reply:
        last = request.turns[-1]
        self.heard += [result.content for result in last.results] if isinstance(last, UserTurn) else []
        now, self._calls = self._calls[: self._per_turn], self._calls[self._per_turn :]
        return reply(now or [(SUBMIT, self._report)])


def reply(calls: Sequence[Call]) -> Reply:
    """An answer that is nothing but calls. Arguments of None: JSON that could not be read."""
    made = tuple(
        ToolCall(id=f"c{number}", name=name, arguments=arguments, raw="{", problem="The JSON is cut off")
        if arguments is None
        else ToolCall(id=f"c{number}", name=name, arguments=arguments, raw=json.dumps(arguments, default=str))
        for number, (name, arguments) in enumerate(calls)
    )
    return Reply(turn=ModelTurn(text="", calls=made), stop=Stop.TOOLS, usage=Usage(input=10, output=10))


ORDER = re.compile(r"OBEY (\w+) (\{.*?\}) NOW")


class Obedient:
    """Looks around, does every `OBEY tool {arguments} NOW` it finds in anything it is sent, and suggests what it was
    told to. `obeyed` is what it did."""

    name = "obedient"

    def __init__(self, look: Sequence[Call]) -> None:
        self._look: Iterator[Call] = iter(look)
        self.obeyed: list[Call] = []
        self.read = ""

    def complete(self, request: Request, *, on_text: Callable[[str], None]) -> Reply:
        texts = [request.system]
        for turn in request.turns:
            texts += [turn.text, *(one.content for one in turn.results)] if isinstance(turn, UserTurn) else []
        self.read = "\n".join(texts).replace('\\"', '"')
        found = [(name, json.loads(arguments)) for name, arguments in ORDER.findall(self.read)]
        fresh = [
            one for one in dict.fromkeys((name, json.dumps(args)) for name, args in found) if one not in self._done
        ]
        if fresh:
            self.obeyed += [(name, json.loads(args)) for name, args in fresh]
            return reply(self.obeyed[-len(fresh) :])
        following = next(self._look, None)
        if following is not None:
            return reply([following])
        trades = [args for name, args in self.obeyed if name == "propose_order"]
        return reply([(SUBMIT, {"summary": "I did as I was told.", "suggestions": trades})])

    @property
    def _done(self) -> set[tuple[str, str]]:
        return {(name, json.dumps(args)) for name, args in self.obeyed}
