"""Every blueprint file is registered, once, has a mirrored test, and keeps the promises of base.py."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace

import pytest

from automation import blueprints
from automation.blueprints.registry import BLUEPRINTS, register
from automation.triggers.base import BadParams
from automation.triggers.registry import TRIGGERS
from tests.automation.blueprints.facts import AAPL, drafts, sessions

EVERY = pytest.mark.parametrize("name", sorted(BLUEPRINTS))
GIVEN = {"symbol": "AAPL", "amount_usd": "100", "goal": "Core"}


def files() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(blueprints.__path__)} - {"base", "registry"}


def filled(name: str) -> dict[str, str]:
    """What must be given, and the defaults the form would send."""
    return {f.name: GIVEN.get(f.name, f.default) for f in BLUEPRINTS[name].fields if f.name in GIVEN or f.default}


def test_every_file_is_listed_and_tested() -> None:
    assert {type(blueprint).__module__.rpartition(".")[2] for blueprint in BLUEPRINTS.values()} == files()
    for name in files():
        importlib.import_module(f"tests.automation.blueprints.test_{name}")


def test_a_name_cannot_be_taken_twice() -> None:
    with pytest.raises(ValueError, match="bracket"):
        register(BLUEPRINTS["bracket"])


@EVERY
def test_the_fields_are_what_it_reads(name: str) -> None:
    blueprint = BLUEPRINTS[name]
    assert blueprint.name == name
    params = blueprint.parse(filled(name))
    assert set(params) == {field.name for field in blueprint.fields}
    assert blueprint.parse({f.name: GIVEN.get(f.name, "") for f in blueprint.fields}) == params  # the defaults
    with pytest.raises(BadParams, match="colour"):
        blueprint.parse({**filled(name), "colour": "red"})
    for field in blueprint.fields:
        if field.required:
            with pytest.raises(BadParams, match=f"{field.name}: is required"):
                blueprint.parse({key: value for key, value in filled(name).items() if key != field.name})


@EVERY
def test_it_makes_named_rules_whose_triggers_parse(name: str) -> None:
    blueprint = BLUEPRINTS[name]
    made = drafts(blueprint, replace(AAPL, sessions=sessions(70)), **filled(name))
    assert made
    for rule in made:
        assert rule["name"]
        assert rule["action_type"] in ("BUY", "SELL", "REBALANCE")
        TRIGGERS[rule["trigger_type"]].parse(rule["trigger_params"])
    assert blueprint.sentence(blueprint.parse(filled(name))).endswith(".")
