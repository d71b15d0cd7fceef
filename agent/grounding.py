"""Is every number of a report from somewhere? Numbers that no tool result holds are flagged. Plain Python."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

NUMBER = re.compile(r"(?<![\w.])[-+−]?\$?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
TOLERANCE = Decimal("0.005")  # half a percent: models round
FREE = 12  # whole numbers up to this count things: "two risks", "10 shares of the 3 holdings"


def numbers_in(text: str) -> list[Decimal]:
    """The numbers of a text, signs dropped: -3 % may be told as a fall of 3 %."""
    found = []
    for match in NUMBER.findall(text):
        try:
            number = Decimal(re.sub(r"[$,+−-]", "", match))
        except InvalidOperation:
            continue
        if number.is_finite():
            found.append(number)
    return found


def ungrounded(texts: Iterable[str], *, sources: Iterable[str]) -> list[str]:
    """The numbers of `texts` that are in no source: neither as they are, nor rounded, nor as a percentage of 1.

    Years and small whole numbers are free.
    """
    known = sorted({number for source in sources for number in numbers_in(source)})
    missing: dict[str, None] = {}
    for text in texts:
        for number in numbers_in(text):
            if _free(number) or any(
                _same(number, held) for held in (*_near(known, number), *_near(known, number / 100))
            ):
                continue
            missing[format(number.normalize(), "f")] = None
    return list(missing)


def _free(number: Decimal) -> bool:
    whole = number == number.to_integral_value()
    return whole and (number <= FREE or 1990 <= number <= 2100)


def _near(known: list[Decimal], number: Decimal) -> list[Decimal]:
    """Those of the known numbers that could be the same, and `number` as a fraction of them by a hundred."""
    slack = abs(number) * TOLERANCE + Decimal("0.0000001")
    return [held for held in known if abs(held - number) <= slack or abs(held * 100 - number) <= slack * 100]


def _same(number: Decimal, held: Decimal) -> bool:
    """Whether `held`, rounded to the digits that were said, is the number; or is within half a percent of it."""
    for candidate in (held, held * 100):
        if abs(candidate - number) <= max(abs(candidate), abs(number)) * TOLERANCE:
            return True
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and candidate.quantize(Decimal(1).scaleb(min(exponent, 0))) == number:
            return True
    return False
