"""Times at which a rule fires by the clock."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from agent.parse.days import (
    DAY,
    DAYS,
    DAYS_LIST,
    NEW_YORK,
    ZONE,
    count_of,
    day_named,
    today_of,
    which_next,
    whole_day,
    zone_named,
)
from agent.parse.normalise import CLOCK, DATE, NUM, ORD, Line
from agent.parse.types import Notes, Reading

AT_CLOCK = rf"(?:at |around |by the clock at )?(?P<clock>{CLOCK})(?:,? (?:in )?(?P<zone>{ZONE})(?: time| city)?)?"
MARKET = r"(?:the )?(?:market |opening |closing |trading )?"
AT_SESSION = (
    rf"(?:(?:(?P<offset>{NUM}|an?|half an) (?P<unit>minutes?|mins?|min|hours?) (?P<side>after|before) {MARKET}"
    rf"(?P<edge1>opens?|closes?|bell|opening|closing))|(?:at|on|right at|just at) {MARKET}(?P<edge2>open(?:ing)?|close|closing|bell)(?: bell)?|"
    rf"when {MARKET}(?P<edge3>opens|closes))"
)
VAGUE = r"(?:just |shortly |right )?(?:after|before|near|around|towards?) (?:the )?(?:market )?(?P<edge>opens?|closes?|bell|opening|closing)"
EVERY = r"(?:every|each|any)"
RECURRING: tuple[tuple[str, str], ...] = (
    ("month_day", rf"(?:on )?(?:the )?(?P<nth>{ORD}|first|last)(?: day)? of (?:every|each|the) month|{EVERY} month on the (?P<nth2>{ORD}|first|last)(?: day)?|monthly,? on the (?P<nth3>{ORD}|first|last)(?: day)?|(?:on )?the (?P<nth4>{ORD}|first|last)(?: day)? (?:{EVERY} month|monthly)"),
    ("month_weekday", rf"(?:on )?(?:the )?(?P<which>{ORD}|first|last) (?P<day>{DAY}) (?:of |in )?(?:every|each|the) month|(?:every|each) month on the (?P<which2>{ORD}|first|last) (?P<day2>{DAY})"),
    ("quarter", rf"{EVERY} quarter|quarterly|once a quarter"),
    ("year", rf"{EVERY} year|yearly|annually|once a year"),
    ("other_week", rf"{EVERY} other (?:week|{DAY})|every two weeks|every <n\d+> weeks|biweekly|fortnightly"),
    ("hours", rf"{EVERY} (?:(?P<count>{NUM}) )?(?P<small>minutes?|hours?|mins?)|hourly"),
    ("days", rf"(?:on )?{EVERY} (?P<list>{DAYS_LIST})|(?:on )(?P<list2>{DAY}s(?:(?: ?, ?| and | ?, and | & ){DAY}s?)*)"),
    ("weekdays", rf"(?:on )?(?:{EVERY} )?(?:weekdays?|trading days?|business days?|working days?|market days?)"),
    ("daily", rf"{EVERY} (?:single )?(?:day|morning|afternoon|evening)|daily|day after day"),
    ("week", rf"{EVERY} week|weekly|once a week"),
    ("month", rf"{EVERY} month|monthly|once a month"),
)  # fmt: skip
ONE_DAY = rf"(?:on |this |coming )*(?P<next>next )?(?P<name>today|tonight|tomorrow|{DAY}|{DATE})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """A trigger on the clock where it stood in the line. `window`: the one day it is for."""

    at: int
    kind: str
    params: dict[str, Any]
    recurring: bool
    window: tuple[datetime, datetime] | None = None


# --- clocks that fire -------------------------------------------------------------------------------------------
def find_clock(line: Line, reading: Reading, notes: Notes) -> Clock | None:
    """The time the sentence waits for, if it names one."""
    delay = line.take(
        rf"(?<![\w<])(?:in|after) (?P<count>{NUM}|an?|half an) (?P<unit>minutes?|mins?|hours?)(?: from now)?\b|(?P<count2>{NUM}|an?) (?P<unit2>minutes?|hours?) from now"
    )
    if delay:
        return _delayed(delay, line, reading)
    kind, repeat = next(
        ((kind, match) for kind, pattern in RECURRING if (match := line.take(rf"(?<![\w<])(?:{pattern})(?![\w>])"))),
        ("", None),
    )
    moment = line.take(rf"(?<![\w<]){AT_SESSION}(?![\w>])") or line.take(rf"(?<![\w<]){AT_CLOCK}(?![\w>])")
    if moment is None and (vague := line.take(rf"(?<![\w<]){VAGUE}(?![\w>])")):
        notes.ask("time", f"How many minutes {vague.group()}?", "5 minutes", "15 minutes", "30 minutes")
    if repeat is not None:
        return _repeated(kind, repeat, moment, line, reading, notes)
    day = line.take(rf"(?<![\w<]){ONE_DAY}(?![\w>])") if moment else None
    if moment is None:
        return _bare_day(line, reading, notes)
    time_text, zone = _moment(moment, line, reading, notes)
    window = None
    if day:
        if day["next"] and re.fullmatch(DAY, day["name"]):
            which_next("date", day["name"], reading, notes)
            return None
        on = day_named(day["name"], line, reading, notes)
        if on is None:
            return None
        on = _not_passed(on, day["name"], time_text, zone, reading, notes)
        if on is None:
            return None
        window = whole_day(on, zone)
    params = {"time": time_text, "timezone": zone}
    return Clock(at=moment.start(), kind="time_of_day", params=params, recurring=False, window=window)


def _bare_day(line: Line, reading: Reading, notes: Notes) -> Clock | None:
    """“Buy 10 AAPL on Friday”: a day without a time is at that day's open."""
    day = line.take(
        rf"(?<![\w<])(?:on (?:this |coming )?(?P<name>{DAY}|{DATE})|(?P<name2>tomorrow)(?: morning)?)(?![\w>])"
    )
    if day is None:
        return None
    on = day_named(day["name"] or day["name2"], line, reading, notes)
    if on is None:
        return None
    on = _not_passed(on, day["name"] or day["name2"], "open", NEW_YORK, reading, notes)
    if on is None:
        return None
    notes.assume("No time was given: at the market's open.")
    params = {"time": "open", "timezone": NEW_YORK}
    return Clock(at=day.start(), kind="time_of_day", params=params, recurring=False, window=whole_day(on, NEW_YORK))


def _not_passed(day: date, name: str, text: str, zone: str, reading: Reading, notes: Notes) -> date | None:
    """The day, a week later if it is a weekday's name and its time has passed today; None after asking."""
    if day != today_of(reading) or _instant(day, text, zone, reading) > reading.now:
        return day
    if re.fullmatch(DAY, name):
        day += timedelta(days=7)
        notes.assume(f"That time has passed today: {day:%A, %d %B} is meant.")
        return day
    notes.ask("time", "That time has passed today: when should it be?", "tomorrow at the open")
    return None


def _instant(day: date, text: str, zone: str, reading: Reading) -> datetime:
    """When a time of the API's spelling is on a day; the end of the day if the exchange is closed then."""
    if re.fullmatch(r"\d{2}:\d{2}", text):
        return datetime.combine(day, time(int(text[:2]), int(text[3:])), ZoneInfo(zone)).astimezone(UTC)
    sessions = reading.sessions
    at = sessions.open_on_or_after(day) if text.startswith("open") else sessions.close_on_or_before(day)
    minutes = int(re.sub(r"[^\d+-]", "", text) or 0)
    if at is None or at.astimezone(ZoneInfo(NEW_YORK)).date() != day:
        return whole_day(day, NEW_YORK)[1]
    return at + timedelta(minutes=minutes)


def _delayed(match: re.Match[str], line: Line, reading: Reading) -> Clock:
    count, unit = match["count"] or match["count2"], match["unit"] or match["unit2"]
    length = count_of(count, line) * (60 if unit.startswith("h") else 1)
    due = (reading.now + timedelta(minutes=float(length))).astimezone(ZoneInfo(reading.zone))
    if due.second or due.microsecond:
        due = due.replace(second=0, microsecond=0) + timedelta(minutes=1)
    params = {"time": f"{due:%H:%M}", "timezone": reading.zone, "trading_days_only": False}
    window = (reading.now.replace(microsecond=0), (due + timedelta(minutes=5)).astimezone(UTC))
    return Clock(at=match.start(), kind="time_of_day", params=params, recurring=False, window=window)


def _repeated(
    kind: str, match: re.Match[str], moment: re.Match[str] | None, line: Line, reading: Reading, notes: Notes
) -> Clock | None:
    at = match.start()
    groups = match.groupdict()
    if kind in ("hours", "other_week"):
        what = "Every other week" if kind == "other_week" else match.group().capitalize()
        notes.ask(
            "schedule", f"{what} cannot be scheduled in words: give days and a time, such as every Monday at open."
        )
        return None
    if kind == "week":
        notes.ask("days", "On which day of the week?", "Monday", "Wednesday", "Friday")
        return None
    if kind == "month":
        notes.ask("days", "On which day of the month?", "the 1st", "the 15th", "the last day")
        return None
    text, zone = _moment(moment, line, reading, notes) if moment else _no_time(notes)
    if kind in ("days", "weekdays", "daily"):
        days = _days(groups.get("list") or groups.get("list2") or "") if kind == "days" else []
        params: dict[str, Any] = {"time": text, "timezone": zone, "days": days}
        return Clock(at=at, kind="time_of_day", params=params, recurring=True)
    if not re.fullmatch(r"\d{2}:\d{2}", text):
        notes.assume(
            "Monthly and rarer times are on the wall clock: 09:35 in New York for the open, 15:55 for the close."
        )
        text, zone = ("15:55" if text.startswith("close") else "09:35"), NEW_YORK
    hour, minute = int(text[:2]), int(text[3:])
    return Clock(
        at=at,
        kind="cron",
        params={"expression": f"{minute} {hour} {_cron_days(kind, groups, line, notes)}", "timezone": zone},
        recurring=True,
    )


def _cron_days(kind: str, groups: dict[str, Any], line: Line, notes: Notes) -> str:
    if kind == "quarter":
        notes.assume("Every quarter is on the 1st of January, April, July and October.")
        return "1 1,4,7,10 *"
    if kind == "year":
        notes.assume("Every year is on the 2nd of January.")
        return "2 1 *"
    if kind == "month_day":
        nth = next(groups[name] for name in ("nth", "nth2", "nth3", "nth4") if groups.get(name))
        number = _ordinal(nth, line)
        return "L * *" if number == -1 else f"{number} * *"
    which, day = groups.get("which") or groups.get("which2"), groups.get("day") or groups.get("day2")
    number = _ordinal(str(which), line)
    name = str(day)[:3].upper()
    weekday = (DAYS.index(name.lower()) + 1) % 7
    return f"* * {weekday}L" if number == -1 else f"* * {name}#{number}"


def _ordinal(text: str, line: Line) -> int:
    return {"first": 1, "last": -1}.get(text) or int(line.value(text))


def _no_time(notes: Notes) -> tuple[str, str]:
    notes.assume("No time was given: at the market's open.")
    return "open", NEW_YORK


def _moment(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> tuple[str, str]:
    """The time as the API spells it, and its zone."""
    groups = match.groupdict()
    if groups.get("clock"):
        moment: time = line.value(groups["clock"])
        zone = zone_named(groups.get("zone"))
        if zone is None:
            zone = reading.zone
            notes.assume(f"{moment:%H:%M} is in your time zone, {zone}.")
        return f"{moment:%H:%M}", zone
    edge = next(groups[name] for name in ("edge1", "edge2", "edge3") if groups.get(name))
    base = "close" if edge.startswith("clos") else "open"
    if edge == "bell":
        base = "close" if "clos" in match.group() else "open"
    if not groups.get("offset"):
        return base, NEW_YORK
    minutes = int(count_of(groups["offset"], line) * (60 if groups["unit"].startswith("hour") else 1))
    return f"{base}{'+' if groups['side'] == 'after' else '-'}{minutes}m", NEW_YORK


def _days(text: str) -> list[str]:
    found = {name[:3] for name in re.findall(DAY, text)}
    return [day for day in DAYS if day in found]
