from __future__ import annotations

import pytest

from common.cron import problem_of


@pytest.mark.parametrize("expression", ["30 9 * * MON", "*/10 * * * *", "0 0 L * *", "0 9 * * MON#1"])
def test_what_can_be_used(expression: str) -> None:
    assert problem_of(expression) == ""


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("every day", "has 2 fields: give five fields"),
        ("61 * * * *", "has '61' as minute: use * or 0 to 59"),
        ("0 0 30 2 *", "1 to 31 (a day its month has)"),
        (" ".join(["1" + ",1" * 60, "* * * *"]), "at most 100 are read"),
    ],
)
def test_what_cannot_is_told_how_to_mend(expression: str, says: str) -> None:
    assert says in problem_of(expression)
