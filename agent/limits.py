"""What a run may use up, counted as it goes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.models import AgentConfig
from agent.providers.base import Usage
from common.errors import Conflict


class LimitReached(Conflict):
    """The run has used up one of its limits; `code` says which. It ends with a report of what it did."""

    code = "limit_reached"


@dataclass
class Meter:
    """The limits of one run, fixed when it began, and what is used of them."""

    max_calls: int
    max_turns: int
    max_tool_calls: int
    max_tokens: int
    ends_at: datetime
    calls: int = 0
    turns: int = 0
    tool_calls: int = 0
    usage: Usage = field(default_factory=Usage)

    @classmethod
    def of(cls, config: AgentConfig, *, now: datetime) -> Meter:
        return cls(
            max_calls=config.max_calls,
            max_turns=config.max_turns,
            max_tool_calls=config.max_tool_calls,
            max_tokens=config.max_tokens_per_run,
            ends_at=now + timedelta(seconds=config.max_seconds),
        )

    def before_call(self, now: datetime) -> None:
        """Raises LimitReached when another request is one too many."""
        if self.calls >= self.max_calls:
            raise LimitReached(f"{self.max_calls} requests to the model were made.", code="MAX_CALLS")
        if self.turns >= self.max_turns:
            raise LimitReached(f"The model has answered {self.max_turns} times.", code="MAX_TURNS")
        if self.usage.total >= self.max_tokens:
            raise LimitReached(
                f"{self.usage.total} tokens are used, {self.max_tokens} were allowed.", code="MAX_TOKENS"
            )
        if now >= self.ends_at:
            raise LimitReached("The time of this run is over.", code="MAX_SECONDS")

    def seconds_left(self, now: datetime) -> float:
        return max(1.0, (self.ends_at - now).total_seconds())

    def may_use_a_tool(self) -> bool:
        """Counts one use; False when it is one too many."""
        if self.tool_calls >= self.max_tool_calls:
            return False
        self.tool_calls += 1
        return True
