"""How amounts read in sentences."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.money import dollars


@pytest.mark.parametrize(
    ("value", "text"),
    [("90", "$90"), ("794.1", "$794.10"), ("0.1234", "$0.1234"), ("1E+3", "$1000"), ("-5.5", "-$5.50"), ("0", "$0")],
)
def test_dollars(value: str, text: str) -> None:
    assert dollars(value) == dollars(Decimal(value)) == text
