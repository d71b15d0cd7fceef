"""Read raw parameters, collecting one clear error per key. Plain Python."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from automation.triggers.base import BadParams
from common.money import plain

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LARGEST = Decimal(10) ** 15


class Reader:
    """Takes keys out of `raw` one by one; `done()` complains about what is wrong or left over."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        if not isinstance(raw, Mapping):
            raise BadParams({"": f'must be an object such as {{"threshold": "150"}}, not {shown(raw)}'})
        self.raw = dict(raw)
        self.known: list[str] = []
        self.errors: dict[str, str] = {}

    def take(self, key: str) -> Any:
        """The raw value of a known key; None when it is absent or empty."""
        self.known.append(key)
        value = self.raw.pop(key, None)
        return None if isinstance(value, str) and not value else value

    def decimal(
        self,
        key: str,
        *,
        required: bool = False,
        default: str | None = None,
        above: Decimal | int | None = 0,
        at_least: Decimal | int | None = None,
        at_most: Decimal | int | None = None,
        below: Decimal | int | None = None,
    ) -> str | None:
        """A decimal as a plain string. Floats are read by their shortest text; NaN and infinity are refused."""
        value = self.take(key)
        if value is None:
            if required:
                self.errors[key] = "is required: give a number such as 150"
            return default
        if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
            self.errors[key] = f"{shown(value)} is not a number: give one such as 150"
            return None
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            self.errors[key] = f"{shown(value)} is not a number: give one such as 150"
            return None
        problem = _range_problem(number, above, at_least, at_most, below)
        if problem:
            self.errors[key] = f"{shown(value)} {problem}"
            return None
        return plain(number)

    def integer(self, key: str, *, default: int | None = None, at_least: int = 1, at_most: int = 10_000) -> int | None:
        """A whole number."""
        value = self.take(key)
        if value is None:
            if default is None:
                self.errors[key] = f"is required: give a whole number from {at_least} to {at_most}"
            return default
        try:
            number = Decimal(str(value).strip())
            whole = not isinstance(value, bool) and number.is_finite() and number == number.to_integral_value()
        except InvalidOperation:
            whole = False
        if not whole or not at_least <= number <= at_most:
            self.errors[key] = f"{shown(value)} is not a whole number from {at_least} to {at_most}"
            return None
        return int(number)

    def choice(self, key: str, choices: Iterable[str], *, default: str) -> str:
        """One of a few words."""
        value = self.take(key)
        options = list(choices)
        if value is None:
            return default
        if value not in options:
            self.errors[key] = f"{shown(value)} is not known: use {' or '.join(options)}"
            return default
        return str(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """true or false."""
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.errors[key] = f"{shown(value)} is not true or false"
            return default
        return value

    def zone(self, key: str, *, default: str) -> str:
        """An IANA time zone."""
        value = self.take(key)
        if value is None:
            return default
        try:
            ZoneInfo(value if isinstance(value, str) else "")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.errors[key] = f"{shown(value)} is not a time zone: use an IANA name such as America/New_York"
            return default
        return str(value)

    def days(self, key: str) -> list[str]:
        """Week days, mon to sun; empty means every day."""
        value = self.take(key)
        if value is None:
            return []
        given = [value] if isinstance(value, str) else value
        if not isinstance(given, (list, tuple)) or any(day not in DAYS for day in given):
            self.errors[key] = f"{shown(value)} is not a list of days: use some of {', '.join(DAYS)}"
            return []
        return [day for day in DAYS if day in given]

    def text(self, key: str, *, required_hint: str, default: str | None = None) -> str | None:
        """A string the caller will look into."""
        value = self.take(key)
        if value is None:
            if default is None:
                self.errors[key] = f"is required: {required_hint}"
            return default
        if not isinstance(value, str):
            self.errors[key] = f"{shown(value)} is not a text: {required_hint}"
            return None
        return value.strip()

    def done(self) -> None:
        """Raise BadParams if anything was wrong or unknown."""
        for key in self.raw:
            near = difflib.get_close_matches(str(key), self.known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(self.known)}"
            self.errors[str(key)] = f"is not a parameter of this trigger: {hint}"
        if self.errors:
            raise BadParams(self.errors)


def _range_problem(
    number: Decimal,
    above: Decimal | int | None,
    at_least: Decimal | int | None,
    at_most: Decimal | int | None,
    below: Decimal | int | None,
) -> str | None:
    if not number.is_finite():
        return "is not a finite number"
    if at_least is not None:
        if number < at_least:
            return f"is too small: it must be at least {at_least}"
    elif above is not None and number <= above:
        return f"is too small: it must be above {above}"
    if at_most is not None and number > at_most:
        return f"is too large: it must be at most {at_most}"
    if below is not None and number >= below:
        return f"is too large: it must be below {below}"
    if abs(number) >= _LARGEST:
        return "is too large"
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -9:
        return "has more than 9 decimal places"
    return None


def shown(value: Any) -> str:
    """A value as an error message shows it, shortened."""
    text = f"'{value}'" if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def clock_time(text: str) -> time | None:
    """`HH:MM` as a time, or None."""
    parts = text.split(":")
    if len(parts) != 2 or not all(part.isdigit() and len(part) <= 2 for part in parts):
        return None
    hour, minute = map(int, parts)
    return time(hour, minute) if hour < 24 and minute < 60 else None
