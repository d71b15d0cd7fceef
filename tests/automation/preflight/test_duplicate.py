"""The same rule twice."""

from __future__ import annotations

from tests.automation.preflight.making import HOUR, NOW, below, buy, found

CODE = "DUPLICATE"


def twin(**changes):
    return buy(below(150), identity="same", **changes)


def test_two_alike_are_found_once():
    one, two, other = twin(), twin(), buy(below(150))
    (finding,) = found(CODE, one, two, other)
    assert (finding.severity, set(finding.rules)) == ("warning", {one.id, two.id})
    assert finding.text == "The very same rule exists once already: both buy."
    assert found(CODE, one, two, about=two.id)[0].rules == (two.id, one.id)
    assert not found(CODE, one, two, other, about=other.id)


def test_more_are_counted():
    (finding,) = found(CODE, *(twin() for _ in range(9)))
    assert "exists 8 times already" in finding.text
    assert (len(finding.rules), finding.more) == (5, 4)


def test_in_force_at_different_times_they_are_two_rules():
    assert not found(CODE, twin(ends=NOW + HOUR), twin(starts=NOW + HOUR))
