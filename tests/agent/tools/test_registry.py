"""The registry knows every file, offers by reach, and its schemas are strict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent import tools
from agent.tools.base import Reach
from agent.tools.registry import TOOLS, register, specs


def test_every_file_is_listed() -> None:
    files = {path.stem for path in Path(tools.__file__).parent.glob("*.py")} - {"__init__", "base", "registry"}
    assert set(TOOLS) == files


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        register(TOOLS["get_quotes"])


def test_each_reach_includes_the_one_before() -> None:
    names = [{spec.name for spec in specs(reach)} for reach in Reach]
    assert names[0] < names[1] <= names[2]
    assert not names[0] & {"propose_order", "create_action", "update_action", "cancel_action", "notify"}


@pytest.mark.parametrize("name", TOOLS)
def test_arguments_name_nobody_and_take_nothing_unknown(name: str) -> None:
    def objects(schema: Any) -> list[dict[str, Any]]:
        if isinstance(schema, list):
            return [found for one in schema for found in objects(one)]
        if not isinstance(schema, dict):
            return []
        mine = [schema] if "properties" in schema else []
        return mine + [found for one in schema.values() for found in objects(one)]

    schema = TOOLS[name].arguments.model_json_schema()
    for found in objects(schema):
        assert found["additionalProperties"] is False
        assert not {"user", "portfolio", "override", "account"} & set(found["properties"])
    assert '"number"' not in json.dumps(schema), "decimals are strings"


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_says_what_it_is_for(name: str) -> None:
    assert len(TOOLS[name].description) > 30
