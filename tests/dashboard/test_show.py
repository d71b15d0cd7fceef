"""How numbers look."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from dashboard.templatetags import show


@pytest.mark.parametrize(
    ("look", "value", "text"),
    [
        (show.money, D("1234.5"), "$1,234.50"),
        (show.money, D("-0.005"), "−$0.00"),
        (show.money, None, "–"),
        (show.signed_money, D(3), "+$3.00"),
        (show.signed_money, D(0), "$0.00"),
        (show.signed_money, D(-3), "−$3.00"),
        (show.price, D("189.420000000"), "189.42"),
        (show.price, D("0.1234"), "0.1234"),
        (show.price, D("1234567"), "1,234,567.00"),
        (show.shares, D("10.000000000"), "10"),
        (show.shares, D("1234.5"), "1,234.5"),
        (show.shares, D("0.000000001"), "0.000000001"),
        (show.shares, D("1E+2"), "100"),
        (show.shares, D("-0.5"), "−0.5"),
        (show.percent, D("-4.2"), "−4.20%"),
        (show.signed_percent, D("4.2"), "+4.20%"),
        (show.span, 0.4, "0 s"),
        (show.span, 59, "59 s"),
        (show.span, 7200, "2 h"),
        (show.span, None, "–"),
        (show.words, "awaiting_approval", "Awaiting approval"),
        (show.tone, "blocked", "bad"),
        (show.tone, "a state of tomorrow", ""),
        (show.trend, D(0), ""),
    ],
)
def test_looks(look: object, value: object, text: str) -> None:
    assert look(value) == text  # type: ignore[operator]


def test_the_bar_fills_as_the_price_comes_near() -> None:
    assert 'width="100.0"' in show.distance_bar(D(0))
    assert 'width="50.0"' in show.distance_bar(D(5))
    assert 'width="0.0"' in show.distance_bar(D(40))
    assert "near" in show.distance_bar(D("0.5"))
    assert show.distance_bar(None) == ""
