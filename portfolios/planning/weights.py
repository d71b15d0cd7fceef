"""Read target weights as people write them. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from common.money import ZERO, plain
from common.reading import shown

TOLERANCE = Decimal("0.000001")
MOST = 1000
PLACES = 9
EXAMPLE = '{"SPY": "0.6", "AGG": "0.4"}'


def read_weights(raw: Any, field: str = "target_weights") -> tuple[dict[str, Decimal], dict[str, str]]:
    """(weights by symbol in capitals, errors by field: `target_weights`, `target_weights.SPY`).

    Each weight is 0 or more; together they are 1 ± 0.000001; a symbol stands there once, whatever its case. CASH is
    cash. Whether the symbols exist is for the caller to see.
    """
    if not isinstance(raw, Mapping) or not raw:
        return {}, {field: f"{shown(raw)} are no targets: give symbols with weights that sum to 1, such as {EXAMPLE}"}
    if len(raw) > MOST:
        return {}, {field: f"{len(raw)} targets are too many: at most {MOST}"}
    weights: dict[str, Decimal] = {}
    errors: dict[str, str] = {}
    for given, value in raw.items():
        symbol = str(given).strip().upper()
        if not symbol or len(symbol) > 20:
            errors[f"{field}.{given}"] = f"{shown(given)} is not a symbol"
        elif symbol in weights:
            errors[f"{field}.{given}"] = f"{symbol} is given twice (capitals do not matter): give it once"
        else:
            number = _weight(value)
            weights[symbol] = ZERO if number is None else number
            if number is None:
                errors[f"{field}.{given}"] = (
                    f"{shown(value)} is not a weight: give a number from 0 to 1 with at most {PLACES} decimal places, "
                    "such as 0.6 for 60 %"
                )
    total = sum(weights.values(), ZERO)
    if not errors and abs(total - 1) > TOLERANCE:
        errors[field] = _wrong_sum(total)
    return weights, errors


def _weight(value: Any) -> Decimal | None:
    """A finite number from 0 on; those above 1 are left to the sum to complain about."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or not ZERO <= number <= 1000 or number.normalize().as_tuple().exponent < -PLACES:  # type: ignore[operator]
        return None
    return number + ZERO


def _wrong_sum(total: Decimal) -> str:
    if abs(total - 100) <= TOLERANCE * 100:
        return "the weights sum to 100: give ratios, 0.6 for 60 %"
    if total < 1:
        return f"the weights sum to {plain(total)}: {plain(1 - total)} is missing. They must sum to 1; CASH may be one"
    return f"the weights sum to {plain(total)}: {plain(total - 1)} too much. They must sum to 1"
