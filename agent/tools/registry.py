"""Every tool by name."""

from __future__ import annotations

from typing import Any

from agent.providers.base import ToolSpec
from agent.tools.base import Reach, Tool
from agent.tools.get_quotes import GET_QUOTES

TOOLS: dict[str, Tool[Any]] = {}


def register(tool: Tool[Any]) -> None:
    """Add a tool. Raises ValueError when its name is taken."""
    if tool.name in TOOLS:
        raise ValueError(f"the tool {tool.name!r} is registered twice")
    TOOLS[tool.name] = tool


for _tool in (GET_QUOTES,):
    register(_tool)


def specs(reach: Reach) -> tuple[ToolSpec, ...]:
    """What a model is offered: the tools up to `reach`."""
    return tuple(
        ToolSpec(name=tool.name, description=tool.description, schema=tool.arguments.model_json_schema())
        for tool in TOOLS.values()
        if tool.reach <= reach
    )
