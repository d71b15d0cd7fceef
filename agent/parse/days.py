"""Days, dates and time zones in a sentence."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from agent.parse.normalise import Line
from agent.parse.types import Notes, Reading

NEW_YORK = "America/New_York"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
DAYS_LIST = rf"{DAY}s?(?:(?: ?, ?| and | ?, and | & | or ){DAY}s?)*"
ZONES = {
    r"new york|nyc|ny|eastern|et|est|edt|market time|exchange time": NEW_YORK,
    r"chicago|central|ct|cst|cdt": "America/Chicago",
    r"denver|mountain|mt|mst|mdt": "America/Denver",
    r"los angeles|la|san francisco|pacific|pt|pst|pdt": "America/Los_Angeles",
    r"london|uk|bst|gmt": "Europe/London",
    r"berlin|paris|madrid|rome|amsterdam|vienna|zurich|cet|cest|frankfurt": "Europe/Berlin",
    r"tokyo|jst": "Asia/Tokyo",
    r"utc|zulu": "UTC",
}
ZONE = "(?:" + "|".join(ZONES) + ")"


def today_of(reading: Reading) -> date:
    return reading.now.astimezone(ZoneInfo(reading.zone)).date()


def coming(month: int, day: int, today: date) -> date | None:
    """The next such day from today on; None if no year near has it."""
    for year in range(today.year, today.year + 5):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def zone_named(text: str | None) -> str | None:
    return next((zone for words, zone in ZONES.items() if text and re.fullmatch(words, text)), None)


def count_of(mark: str, line: Line) -> Decimal:
    if mark in ("a", "an", "one"):
        return Decimal(1)
    return Decimal("0.5") if mark == "half an" else line.number(mark)


def whole_day(day: date, zone: str) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(0), ZoneInfo(zone))
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def day_named(name: str, line: Line, reading: Reading, notes: Notes) -> date | None:
    """The day a word means, from today on."""
    today = today_of(reading)
    if name.startswith("<d"):
        found: date | None = line.value(name)
        if found is None:
            notes.ask("date", f"{line.original[name]} is not a day: which one?")
        elif found < today:
            notes.ask("date", f"{line.original[name]} has passed: which day?")
            return None
        return found
    if name in ("today", "tonight"):
        return today
    if name == "tomorrow":
        return today + timedelta(days=1)
    ahead = (DAYS.index(name[:3]) - today.weekday()) % 7
    return today + timedelta(days=ahead)


def which_next(field: str, name: str, reading: Reading, notes: Notes) -> None:
    """“Next Friday” is the coming one to some people and the one after to others."""
    today = today_of(reading)
    near = today + timedelta(days=(DAYS.index(name[:3]) - today.weekday()) % 7 or 7)
    notes.ask(
        field, f"Next {name.capitalize()}: which one?", f"{near:%a %d %b}", f"{near + timedelta(days=7):%a %d %b}"
    )
