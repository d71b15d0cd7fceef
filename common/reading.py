"""Read raw parameters, collecting one clear error per key. Plain Python."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from common.money import nano, plain

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LARGEST = Decimal(10) ** 15
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_YEARS = range(2000, 2200)  # others are typing errors, and their edges cannot be told in every time zone


class BadParams(ValueError):
    """Parameters that cannot be used: {key: message}."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in errors.items()))
        self.errors = errors


class Reader:
    """Takes keys out of `raw` one by one; `done()` complains about what is wrong or left over.

    `what` is what a key is called in that complaint.
    """

    def __init__(self, raw: Mapping[str, Any], what: str = "a parameter of this trigger") -> None:
        if not isinstance(raw, Mapping):
            raise BadParams({"": f'must be an object such as {{"threshold": "150"}}, not {shown(raw)}'})
        self.what = what
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
        places: int = 9,
    ) -> str | None:
        """A decimal as a plain string. Floats are read by their shortest text; NaN and infinity are refused."""
        value = self.take(key)
        if value is None:
            if required:
                self.errors[key] = "is required: give a number such as 150"
            return default
        number = _number(value)
        if number is None:
            self.errors[key] = f"{shown(value)} is not a number: give one such as 150"
            return None
        problem = _range_problem(number, above, at_least, at_most, below) or _places_problem(number, places)
        if problem:
            self.errors[key] = f"{shown(value)} {problem}"
            return None
        return plain(nano(number) + 0)  # + 0: there is no -0

    def integer(self, key: str, *, default: int | None = None, at_least: int = 1, at_most: int = 10_000) -> int | None:
        """A whole number."""
        value = self.take(key)
        if value is None:
            if default is None:
                self.errors[key] = f"is required: give a whole number from {at_least} to {at_most}"
            return default
        number = _number(value)
        if number is None or not number.is_finite() or not at_least <= number <= at_most or number % 1:
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
        if not isinstance(value, str) or value not in _zones():
            self.errors[key] = f"{shown(value)} is not a time zone: use an IANA name such as America/New_York"
            return default
        return value

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

    def moment(self, key: str) -> datetime | None:
        """An ISO 8601 time with a time zone (a datetime passes as it is)."""
        value = self.take(key)
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else _parse_moment(value)
        if moment is None:
            self.errors[key] = f"{shown(value)} is not a time: use ISO 8601 such as 2026-12-01T20:00:00Z"
        elif moment.tzinfo is None:
            self.errors[key] = f"{shown(str(value))} has no time zone: end it with Z or an offset such as -05:00"
        elif moment.year not in _YEARS:
            self.errors[key] = f"{shown(str(value))} is out of range: give a year from {_YEARS[0]} to {_YEARS[-1]}"
        else:
            return moment.astimezone(UTC)  # PostgreSQL refuses offsets that ISO 8601 allows
        return None

    def done(self) -> None:
        """Raise BadParams if anything was wrong or unknown."""
        for key in self.raw:
            near = difflib.get_close_matches(str(key), self.known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(self.known)}"
            self.errors[str(key)] = f"is not {self.what}: {hint}"
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
    return None


def _places_problem(number: Decimal, places: int) -> str | None:
    if number != number.quantize(Decimal(1).scaleb(-places)):
        return f"has more than {places} decimal places"
    return None


def _number(value: Any) -> Decimal | None:
    """A number as a person or JSON writes it; None for anything else. Digits are ASCII, without separators."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    text = str(value).strip()
    try:
        return Decimal(text) if isinstance(value, float) or _NUMBER.fullmatch(text) else None
    except InvalidOperation:  # more digits than Decimal can hold
        return None


def _parse_moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def shown(value: Any) -> str:
    """A value as an error message shows it, shortened."""
    try:
        text = f"'{value}'" if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):  # Python does not write out more than 4300 digits, or very deep lists
        return "this value"
    return text if len(text) <= 60 else f"{text[:57]}…"


def clock_time(text: str) -> time | None:
    """`HH:MM` as a time, or None."""
    match = _CLOCK.fullmatch(text)
    hour, minute = (int(match[1]), int(match[2])) if match else (24, 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None
