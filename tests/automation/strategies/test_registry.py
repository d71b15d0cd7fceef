"""Every strategy's file is listed, once."""

from __future__ import annotations

from pathlib import Path

import pytest

import automation.strategies
from automation.strategies import registry
from automation.strategies.momentum import MOMENTUM

# What strategies are made with, and the rooms around them: everything else in the folder is a strategy.
TOOLS = {
    *("base", "reading", "registry", "sizing", "windows", "aligning", "deciding"),
    *("models", "admin", "api", "serializers", "urls", "tasks"),
    *("drafting", "lifecycle", "promoting", "evidence", "known", "scheduling"),
    *("bar_clock", "loading", "running", "writing", "acting", "owning", "shadows", "settling", "sweeping", "emitting"),
}


def test_every_file_is_listed():
    folder = Path(automation.strategies.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - TOOLS - {"__init__"}
    listed = {type(strategy).__module__.rsplit(".", 1)[1] for strategy in registry.STRATEGIES.values()}
    assert listed == files


def test_a_key_is_given_once():
    with pytest.raises(ValueError, match="'momentum' is registered twice"):
        registry.register(MOMENTUM)


@pytest.mark.parametrize("key", sorted(registry.STRATEGIES))
def test_defaults_are_good_parameters_and_stay_as_they_are(key):
    strategy = registry.STRATEGIES[key]
    params = strategy.parse({})
    assert strategy.parse(params) == params
    assert {name: params[name] for name in params} == {p.name: p.default for p in strategy.schema}
    assert strategy.warm_up(params) > 1
    assert strategy.title and strategy.about
    assert strategy.sentence(params, ["AAPL", "MSFT"])
