"""A user's things, and a way to use a tool on them as a run would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from agent.models import AgentRun
from agent.tools.base import Answer, Context
from agent.tools.registry import TOOLS
from tests.agent.world import Place, settle, think

Use = Callable[..., Answer]


@pytest.fixture
def place(at: datetime) -> Place:
    found = settle("ada", at)
    think(found.desk, at)
    return found


@pytest.fixture
def use(place: Place, at: datetime) -> Use:
    """`use("get_bars", {...}, mode="execute", tainted=False)` in a run of its own."""

    def call(name: str, arguments: dict[str, Any], *, mode: str = "suggest", tainted: bool = False) -> Answer:
        run = AgentRun.objects.create(
            user=place.desk.user, portfolio=place.desk.portfolio, trigger="manual", mode=mode, provider="compatible",
            created_at=at, tainted=tainted,
        )  # fmt: skip
        context = Context(
            user=place.desk.user, portfolio=place.desk.portfolio, now=at, run_id=run.pk, trace_id=run.trace_id,
            mode=mode, tainted=tainted,
        )  # fmt: skip
        tool = TOOLS[name]
        return tool.run(tool.arguments.model_validate(arguments), context)

    return call
