"""Parameters are read by their schema."""

from __future__ import annotations

import pytest

from automation.strategies.base import Parameter
from automation.strategies.reading import read
from automation.triggers.base import BadParams

SCHEMA = (
    Parameter(name="bars", label="Bars", kind="integer", default=5, least=2, most=9),
    Parameter(name="level", label="Level", kind="number", default="1.5", above=0, most=2),
    Parameter(name="kind", label="Kind", kind="choice", default="a", choices=("a", "b")),
    Parameter(name="loud", label="Loud", kind="flag", default=False),
)


def test_defaults_are_filled_in_and_numbers_written_plainly():
    assert read(SCHEMA, {}) == {"bars": 5, "level": "1.5", "kind": "a", "loud": False}
    assert read(SCHEMA, {"bars": "7", "level": 1.50, "loud": True})["level"] == "1.5"


def test_every_error_is_told_at_once():
    with pytest.raises(BadParams) as caught:
        read(SCHEMA, {"bars": 1, "level": 0, "kind": "c", "loud": "yes", "lewel": 2})
    assert caught.value.errors == {
        "bars": "1 is not a whole number from 2 to 9",
        "level": "0 is too small: it must be above 0",
        "kind": "'c' is not known: use a or b",
        "loud": "'yes' is not true or false",
        "lewel": "is not a parameter of this strategy: did you mean level?",
    }


def test_what_is_wrong_between_them_is_told_once_each_is_well():
    def check(params):
        return {"level": "does not go with bars"} if params["bars"] > 5 else {}

    with pytest.raises(BadParams, match="does not go with bars"):
        read(SCHEMA, {"bars": 6}, check)
