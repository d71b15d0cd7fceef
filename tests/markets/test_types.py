from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from markets.types import flaw
from tests.markets.conftest import NOW

NAN, INFINITE = Decimal("NaN"), Decimal("Infinity")


def test_a_sound_tick_has_no_flaw(tick):
    assert flaw(tick("100", bid=Decimal("99.9"), ask=Decimal("100.1"), volume=Decimal(5)), now=NOW) is None
    assert flaw(tick("100", bid=Decimal(100), ask=Decimal(100)), now=NOW) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price": NAN}, "not_a_number"),
        ({"price": INFINITE}, "not_a_number"),
        ({"price": "0"}, "price_out_of_range"),
        ({"price": "-1"}, "price_out_of_range"),
        ({"price": "1e15"}, "price_out_of_range"),
        ({"bid": NAN}, "not_a_number"),
        ({"ask": Decimal(0)}, "price_out_of_range"),
        ({"prev_close": Decimal(-3)}, "price_out_of_range"),
        ({"bid": Decimal(101), "ask": Decimal(100)}, "crossed"),
        ({"volume": NAN}, "bad_volume"),
        ({"volume": Decimal(-1)}, "bad_volume"),
        ({"session": "extended"}, "extended_hours"),
        ({"at": datetime(2026, 11, 20, 15, 0)}, "naive_time"),  # noqa: DTZ001
        ({"at": NOW + timedelta(seconds=11)}, "from_the_future"),
        ({"symbol": "AA\0PL"}, "unprintable_text"),
    ],
)
def test_flaws_are_named(tick, changes, code):
    assert flaw(tick(**changes), now=NOW) == code


def test_a_clock_slightly_ahead_is_tolerated(tick):
    assert flaw(tick(at=NOW + timedelta(seconds=10)), now=NOW) is None
