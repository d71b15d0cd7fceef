"""What the scripted model does, one act per request; the last one again when the script is over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What the answer says it cost."""

    input: int = 100
    output: int = 20
    cached: int = 0


@dataclass(frozen=True)
class Use:
    """One tool call; `raw` replaces the arguments' JSON, for arguments that are none."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = None

    @property
    def text(self) -> str:
        return json.dumps(dict(self.arguments)) if self.raw is None else self.raw


@dataclass(frozen=True)
class Say:
    """Plain text. `stop`: end, or length for an answer that was cut off by its limit."""

    text: str
    stop: str = "end"
    tokens: Tokens = Tokens()


@dataclass(frozen=True)
class Call:
    """Tool calls, with some text before them. `stop` length: the last call's JSON was cut off.

    `thinking`: what it thinks before, signed; on Anthropic's wire only.
    """

    uses: tuple[Use, ...]
    text: str = ""
    stop: str = "tools"
    thinking: str = ""
    tokens: Tokens = Tokens()


@dataclass(frozen=True)
class Refuse:
    """The model will not."""

    text: str = "I can't help with that."
    tokens: Tokens = Tokens()


@dataclass(frozen=True)
class Status:
    """An HTTP error instead of an answer."""

    code: int
    retry_after: str | None = None
    kind: str = ""


@dataclass(frozen=True)
class Hang:
    """Nothing for so long."""

    seconds: float = 3.0


@dataclass(frozen=True)
class Drip:
    """A word every now and then, without end."""

    every: float = 0.2


@dataclass(frozen=True)
class Cut:
    """The stream breaks in the middle of a text."""

    text: str = "I was about to"


Act = Say | Call | Refuse | Status | Hang | Drip | Cut
