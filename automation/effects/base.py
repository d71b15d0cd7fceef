"""What an effect is: it carries out a portfolio's executions together, so that a crash day costs few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from automation.models import ActionExecution, ExecutionState


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of one execution. `state` RUNNING means orders are working: `settling` will finish it."""

    state: ExecutionState
    details: dict[str, Any] = field(default_factory=dict)
    reason_code: str = ""
    error: str = ""
    order_ids: tuple[UUID, ...] = ()


class Effect(Protocol):
    """`carry_out` must be safe to run again for the same executions: a worker may have died half-way."""

    @property
    def types(self) -> tuple[str, ...]:
        """The action types it serves."""

    def carry_out(self, executions: Sequence[ActionExecution], *, now: datetime) -> list[Done]:
        """Do it for executions of one portfolio. One result per execution, in order."""
