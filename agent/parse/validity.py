"""From when and until when a rule counts."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from agent.parse.days import DAY, NEW_YORK, ZONE, count_of, day_named, today_of, which_next, zone_named
from agent.parse.normalise import CLOCK, DATE, NUM, Line
from agent.parse.types import Notes, Reading

UNTIL = r"(?<!minutes )(?<!minute )(?<!mins )(?<!hours )(?<!hour )(?:by|until|till|til|up to|through|before|no later than|not later than|latest|valid until|good until|expires?(?: on)?|expiring(?: on)?)"


def find_validity(line: Line, reading: Reading, notes: Notes) -> dict[str, datetime]:
    """valid_from and valid_until, as far as the sentence names them."""
    found: dict[str, datetime] = {}
    if start := line.take(
        rf"(?<![\w<])(?:starting|from|beginning|not before|as of|effective)(?: on)? (?P<name>tomorrow|{DAY}|{DATE}|next week|next month)(?: on(?:wards?)?)?(?![\w>])"
    ):
        day = _start_day(start["name"], line, reading, notes)
        if day:
            found["valid_from"] = datetime.combine(day, time(0), ZoneInfo(reading.zone)).astimezone(UTC)
    if end := _end(line, reading, notes):
        found["valid_until"] = end
    return found


def _start_day(name: str, line: Line, reading: Reading, notes: Notes) -> date | None:
    today = today_of(reading)
    if name == "next week":
        return today + timedelta(days=7 - today.weekday())
    if name == "next month":
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day_named(name, line, reading, notes)


def _end(line: Line, reading: Reading, notes: Notes) -> datetime | None:
    today = today_of(reading)
    if match := line.take(rf"(?<![\w<]){UNTIL} (?:next )(?P<day>{DAY})(?![\w>])"):
        which_next("valid_until", match["day"], reading, notes)
        return None
    if match := line.take(
        rf"(?<![\w<]){UNTIL} (?P<clock>{CLOCK})(?:,? (?:in )?(?P<zone>{ZONE})(?: time)?)?(?: (?P<day>today|tomorrow|(?:on )?{DAY}|(?:on )?{DATE}))?(?![\w>])"
    ):
        return _until_clock(match, line, reading, notes)
    if match := line.take(
        rf"(?<![\w<]){UNTIL} (?P<day>today|tomorrow|{DAY}|{DATE}),? (?:at )?(?P<clock>{CLOCK})(?:,? (?:in )?(?P<zone>{ZONE})(?: time)?)?(?![\w>])"
    ):
        return _until_clock(match, line, reading, notes)
    ends = rf"(?:the )?(?:end|close) of (?:the |this |business )?(?P<span>day|today|week|month|quarter|year|business|trading)|(?P<soon>eod|eow|eom|eoy|cob|close of business|(?:the )?(?:market )?close(?: today)?)|(?P<name>today|tonight|tomorrow|{DAY}|{DATE})"
    if match := line.take(rf"(?<![\w<]){UNTIL} (?:this |coming )?(?:{ends})(?![\w>])"):
        return _until(match, line, reading, notes)
    if match := line.take(
        rf"(?<![\w<])(?:within|in|for|during|over)(?: the)?(?: next| coming)? (?P<count>{NUM}|an?) (?P<unit>(?:trading |business )?days?|weeks?|months?|years?)(?: from now)?(?![\w>])"
    ):
        return _within(match, line, reading, notes)
    if match := line.take(
        r"\b(?:sometime |only |any time )*(?P<span>this week|this month|this year|today)(?: only)?(?![\w>])"
    ):
        day = {
            "this week": _end_of(today, "week"),
            "this month": _end_of(today, "month"),
            "this year": _end_of(today, "year"),
            "today": today,
        }[match["span"]]
        return _close(day, match["span"], reading, notes, named=False)
    return None


def _until(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> datetime | None:
    today = today_of(reading)
    span = match["span"] or {"eod": "day", "cob": "day", "eow": "week", "eom": "month", "eoy": "year"}.get(
        match["soon"] or "", "day" if match["soon"] else ""
    )
    if span:
        return _close(
            _end_of(today, "day" if span in ("today", "business", "trading") else span), match.group(), reading, notes
        )
    day = day_named(match["name"], line, reading, notes)
    if day is None:
        return None
    before = match.group().startswith("before") and match["name"] not in ("today", "tonight")
    if before and day > today:
        notes.assume(f"Before {day:%A, %d %B} is until the last close before that day.")
        day -= timedelta(days=1)
    end = _close(day, match.group(), reading, notes, asks=re.fullmatch(DAY, match["name"]) is None)
    if end is None and re.fullmatch(DAY, match["name"]):
        day += timedelta(days=7)
        notes.assume(f"Today's close has passed: {day:%A, %d %B} is meant.")
        return _close(day, match.group(), reading, notes)
    return end


def _until_clock(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> datetime | None:
    zone = zone_named(match["zone"])
    if zone is None:
        zone = reading.zone
        notes.assume(f"{line.value(match['clock']):%H:%M} is in your time zone, {zone}.")
    local = reading.now.astimezone(ZoneInfo(zone))
    name = (match["day"] or "").removeprefix("on ")
    day = day_named(name, line, reading, notes) if name else local.date()
    if day is None:
        return None
    end = datetime.combine(day, line.value(match["clock"]), ZoneInfo(zone)).astimezone(UTC)
    if end <= reading.now:
        if name:
            notes.ask("valid_until", f"{match.group().capitalize()} has passed: until when?")
            return None
        end += timedelta(days=1)
    return end


def _within(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> datetime | None:
    count = int(count_of(match["count"], line))
    today = today_of(reading)
    unit = match["unit"].split()[-1].rstrip("s")
    if unit == "month":
        month = today.month - 1 + count
        year, month = today.year + month // 12, month % 12 + 1
        day = date(year, month, min(today.day, calendar.monthrange(year, month)[1]))
    elif unit == "year":
        day = date(today.year + count, today.month, min(today.day, 28))
    else:
        day = today + timedelta(days=count * (7 if unit == "week" else 1))
    return _close(day, match.group(), reading, notes)


def _end_of(today: date, span: str) -> date:
    if span == "week":
        return today + timedelta(days=6 - today.weekday())
    if span == "month":
        return today.replace(day=calendar.monthrange(today.year, today.month)[1])
    if span == "quarter":
        month = (today.month - 1) // 3 * 3 + 3
        return date(today.year, month, calendar.monthrange(today.year, month)[1])
    return date(today.year, 12, 31) if span == "year" else today


def _close(
    day: date, said: str, reading: Reading, notes: Notes, *, asks: bool = True, named: bool = True
) -> datetime | None:
    """The regular close of the day's session, or of the last session before it."""
    close = reading.sessions.close_on_or_before(day)
    if close is None or close <= reading.now:
        if asks:
            notes.ask("valid_until", f"“{said}” has already passed on the exchange: until when should it count?")
        return None
    if named and close.astimezone(ZoneInfo(NEW_YORK)).date() != day:
        notes.assume(
            f"The exchange is closed on {day:%A, %d %B}: it counts until the close before, {close.astimezone(ZoneInfo(NEW_YORK)):%A, %d %B at %H:%M} in New York."
        )
    return close
