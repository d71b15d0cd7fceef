"""The sweep over all rules finds who overlaps, as comparing each with each would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from automation.preflight.checks.opposite import clash
from automation.preflight.pairing import opposites
from tests.automation.preflight.making import above, below, buy, clock, facts, part, sell

TRIGGERS = st.one_of(
    st.builds(below, st.integers(90, 110)),
    st.builds(above, st.integers(90, 110)),
    st.builds(lambda n: part("change_pct", {"change": str(n)}), st.integers(1, 5)),
    st.builds(clock, st.sampled_from(["10:00", "11:00"]), st.sampled_from(["mon", "tue"])),
)
RULES = st.lists(
    st.builds(
        lambda make, trigger, group: make(trigger, group=group),
        st.sampled_from([buy, sell]),
        TRIGGERS,
        st.sampled_from(["", "g"]),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(RULES)
def test_each_rule_that_clashes_with_one_is_in_a_pair(rules):
    swept = {frozenset((rule.id, other.id)) for rule, partners in opposites(facts(*rules), clash) for other in partners}
    each_with_each = {
        frozenset((rule.id, other.id))
        for rule in rules
        for other in rules
        if rule.side < other.side and clash(rule, other)
    }
    assert swept <= each_with_each
    # A rule is told of at most five; whoever clashes with somebody is in at least one pair.
    assert {rule for pair in swept for rule in pair} == {rule for pair in each_with_each for rule in pair} or any(
        len(partners) == 5 for _, partners in opposites(facts(*rules), clash)
    )


@settings(max_examples=100, deadline=None)
@given(RULES)
def test_one_rule_gets_every_partner(rules):
    for asked in rules:
        pairs = list(opposites(facts(*rules, about=asked.id), clash))
        partners = [other.id for _, others in pairs for other in others]
        assert partners == [rule.id for rule in rules if rule.side != asked.side and clash(asked, rule)]
