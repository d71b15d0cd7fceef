"""The folder of checks: every file is listed, tested, and says what to do."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from automation.preflight import checks
from automation.preflight.checks import CHECKS, find_all, registry
from automation.preflight.types import Check
from tests.automation.preflight.making import above, below, buy, facts, sell
from tests.safety.making import D

FILES = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__"}


def test_every_file_is_listed_and_has_a_mirrored_test():
    assert {code.lower() for code in CHECKS} == FILES
    for name in FILES:
        importlib.import_module(f"tests.automation.preflight.test_{name}")


def test_a_code_belongs_to_one_check():
    one = Check(code="A", find=lambda facts: [])
    with pytest.raises(ValueError, match="'A' is found by two checks"):
        registry([one, one])


def test_the_worst_comes_first_and_each_says_what_is_wrong_and_what_to_do():
    rules = (
        buy(below(150), left=None, identity="same", value=D(26_000)),
        buy(below(150), left=None, identity="same", value=D(26_000)),
        sell(above(140), left=None, shares=D(101)),
        buy(above(200), below(150)),
        sell(below(150), group="exit"),
        sell(below(130), group="exit"),
    )
    found = find_all(facts(*rules))
    assert {finding.code for finding in found} == set(CHECKS)
    assert found[0].severity == "error"
    assert [finding.severity for finding in found] == sorted(
        (finding.severity for finding in found), key=["error", "warning", "info"].index
    )
    for finding in found:
        assert finding.text.endswith(".")
        assert finding.advice.endswith(".")
        assert finding.rules
