"""The port to language models: what is asked, what comes back, and how it fails. Plain Python."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from common.errors import PufflingError


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolSpec:
    """A tool as the model sees it. `schema` is a JSON schema with additionalProperties false."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """The model wants a tool. `arguments` is None when they could not be read: `problem` says why."""

    id: str
    name: str
    arguments: Mapping[str, Any] | None
    raw: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolResult:
    """What a tool said, as text for the model."""

    call_id: str
    content: str
    failed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class UserTurn:
    """What we say, or the results of the tools it asked for."""

    text: str = ""
    results: tuple[ToolResult, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelTurn:
    """What the model said. `echo` is the provider's own form of it, to be sent back unchanged."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    echo: Any = None


Turn = UserTurn | ModelTurn


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request. `force_tool`: the model must call this one. `timeout` in seconds for the whole answer."""

    model: str
    system: str
    turns: tuple[Turn, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_output_tokens: int = 4096
    timeout: float = 60.0
    force_tool: str | None = None

    def size_in_bytes(self) -> int:
        """Of everything that is sent: a token is at least one byte, so this bounds the input tokens."""
        turns = [
            [turn.text, *(result.content for result in turn.results)]
            if isinstance(turn, UserTurn)
            else [turn.text, _sent(turn)]
            for turn in self.turns
        ]
        tools = [[tool.name, tool.description, dict(tool.schema)] for tool in self.tools]
        return len(json.dumps([self.system, turns, tools], ensure_ascii=False).encode()) + OVERHEAD_TOKENS


def _sent(turn: ModelTurn) -> str:
    """What goes back of the model's turn: its own form of it, which may hold thinking, or text and calls."""
    if turn.echo:
        return json.dumps(turn.echo, ensure_ascii=False, default=str)
    return json.dumps([call.raw or json.dumps(dict(call.arguments or {})) for call in turn.calls])


OVERHEAD_TOKENS = 2_000  # what providers add for tools and roles; generously


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens. `input` is without the cached ones, whatever the provider counts."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
        )

    @property
    def total(self) -> int:
        return self.input + self.output + self.cache_read + self.cache_write


class Stop(enum.StrEnum):
    """Why the model stopped."""

    END = "end"
    TOOLS = "tools"
    LENGTH = "length"  # cut off: what it was saying is incomplete
    REFUSAL = "refusal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A complete answer."""

    turn: ModelTurn
    stop: Stop
    usage: Usage = field(default_factory=Usage)
    model: str = ""


class ProviderError(PufflingError):
    """The provider did not answer usably.

    `retryable`: the same request may work later, not before `retry_after` seconds. `billed`: it may have cost money,
    which is then counted as reserved.
    """

    status = 502
    code = "provider_error"

    def __init__(
        self, detail: str, *, code: str, retryable: bool = False, retry_after: float | None = None, billed: bool = False
    ) -> None:
        super().__init__(detail, code=code)
        self.retryable = retryable
        self.retry_after = retry_after
        self.billed = billed


class Provider(Protocol):
    """One conversation partner. Never retries by itself: each try is one request against the budget."""

    @property
    def name(self) -> str: ...

    def complete(self, request: Request, *, on_text: Callable[[str], None]) -> Reply:
        """Ask and wait; `on_text` gets the pieces of text as they stream in. Raises ProviderError."""

    def models(self, *, timeout: float) -> tuple[str, ...]:
        """The first page of models the key may use. Costs nothing. Raises ProviderError."""
