"""The folder of checks: every file is listed, tested, and says what to do."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automation.preflight import checks
from automation.preflight.checks import CHECKS, find_all, registry
from automation.preflight.types import Check
from automation.triggers.registry import TRIGGERS
from tests.automation.preflight.making import above, below, buy, facts, part, sell
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


KINDS = st.sampled_from(sorted(TRIGGERS)).map(lambda kind: part(kind, TRIGGERS[kind].example))
PARTS = st.one_of(st.builds(below, st.integers(50, 150)), st.builds(above, st.integers(50, 150)), KINDS)
RULES = st.lists(
    st.builds(
        lambda make, trigger, conditions, **changes: make(trigger, *conditions, **changes),
        st.sampled_from([buy, sell]),
        PARTS,
        st.lists(PARTS, max_size=2),
        group=st.sampled_from(["", "", "g"]),
        identity=st.sampled_from("abc"),
        left=st.sampled_from([None, 1, 3]),
        shares=st.sampled_from([None, D(0), D(60)]),
        value=st.sampled_from([None, D(0), D(9_000)]),
        per_day=st.sampled_from([None, D("0.01"), D(1), D(1440)]),
        limit_price=st.sampled_from([None, D(100)]),
    ),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(RULES)
def test_whatever_the_rules_are_each_finding_can_be_read(rules):
    for about in [None, *(rule.id for rule in rules)]:
        found = find_all(facts(*rules, about=about))
        known = {rule.id for rule in rules}
        for finding in found:
            assert finding.text.endswith(".")
            assert "None" not in finding.text
            assert 1 <= len(finding.rules) <= 5
            assert set(finding.rules) <= known
            assert about is None or about in finding.rules
            assert len(set(finding.rules)) == len(finding.rules)
