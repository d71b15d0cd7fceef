"""Every trigger and effect file is registered, once, and keeps the promises of base.py."""

from __future__ import annotations

import importlib
import json
import pkgutil

import pytest

from automation import effects, triggers
from automation.effects import registry as effect_registry
from automation.models import ActionType
from automation.triggers import registry as trigger_registry
from automation.triggers.base import BadParams, ClockPlan, WatchPlan

HELPERS = {"base", "clock", "registry", "reading", "lasting"}
TRIGGERS = trigger_registry.TRIGGERS
EVERY = pytest.mark.parametrize("kind", sorted(TRIGGERS))


def _plugins(package) -> set[str]:
    return {module.name for module in pkgutil.iter_modules(package.__path__)} - HELPERS


@pytest.mark.parametrize(
    ("package", "registered"), [(triggers, TRIGGERS.values()), (effects, effect_registry.EFFECTS.values())]
)
def test_every_file_is_listed(package, registered):
    listed = {type(getattr(plugin, "trigger", plugin)).__module__.rpartition(".")[2] for plugin in registered}
    assert listed == _plugins(package)


def test_every_trigger_has_a_mirrored_test():
    for name in _plugins(triggers):
        importlib.import_module(f"tests.automation.triggers.test_{name}")


def test_a_type_cannot_be_registered_twice():
    with pytest.raises(ValueError, match="price_above"):
        trigger_registry.register(TRIGGERS["price_above"])
    with pytest.raises(ValueError, match="BUY"):
        effect_registry.register(effect_registry.EFFECTS["BUY"])


def test_every_action_type_has_an_effect():
    assert set(effect_registry.EFFECTS) == set(ActionType.values)


@EVERY
def test_the_example_parses_to_itself_plans_and_reads_well(kind):
    trigger = TRIGGERS[kind]
    params = trigger.parse(trigger.example)
    assert trigger.parse(json.loads(json.dumps(params))) == params
    assert isinstance(trigger.plan(params, "AAPL"), WatchPlan | ClockPlan)
    text = trigger.sentence(params, "AAPL")
    assert text
    assert text == text.strip().rstrip(".")
    assert not trigger.needs_symbol or "AAPL" in text
    assert not (trigger.needs_symbol and trigger.of_portfolio)


@EVERY
@pytest.mark.parametrize("raw", [None, [], "150", 5, True])
def test_parameters_must_be_an_object(kind, raw):
    with pytest.raises(BadParams, match="must be an object"):
        TRIGGERS[kind].parse(raw)


@EVERY
@pytest.mark.parametrize("key", ["", "x" * 100_000, "colour", "\x00", 5, None])
def test_an_unknown_key_is_refused_whatever_it_looks_like(kind, key):
    with pytest.raises(BadParams) as caught:
        TRIGGERS[kind].parse({**TRIGGERS[kind].example, key: "1"})
    assert "is not a parameter of this trigger" in caught.value.errors[str(key)]
