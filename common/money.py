"""Decimal arithmetic with one rounding rule. Plain Python."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
NANO = Decimal("0.000000001")
ZERO = Decimal(0)
HUNDRED = Decimal(100)


def cents(amount: Decimal) -> Decimal:
    """Round an amount of money to the cent, half up, as brokers do."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def nano(value: Decimal) -> Decimal:
    """Round a price, level or ratio to the 9 places the database keeps, half away from zero as PostgreSQL does."""
    return value.quantize(NANO, ROUND_HALF_UP)


def shares(value: Decimal, *, fractional: bool) -> Decimal:
    """Round a quantity down to what can be traded: 9 places, or whole shares."""
    return value.quantize(NANO if fractional else Decimal(1), ROUND_DOWN)


def percent_of(part: Decimal, whole: Decimal) -> Decimal:
    """`part` as a percentage of `whole`; 0 when `whole` is 0."""
    return part * HUNDRED / whole if whole else ZERO


def plain(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros, for sentences and JSON: 1E+2 -> 100, 5.500 -> 5.5."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def dollars(value: Decimal | str) -> str:
    """An amount or price for sentences: $90, $794.10 (never $794.1), $0.1234, -$5."""
    text = plain(Decimal(value))
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return f"{sign}${digits}{'0' if len(digits.partition('.')[2]) == 1 else ''}"
