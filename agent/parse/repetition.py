"""How often a rule acts, and how long something must stay so."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from __future__ import annotations

from decimal import Decimal
from typing import Any

from agent.parse.days import count_of
from agent.parse.normalise import NUM, Line
from agent.parse.types import Notes


def find_repetition(line: Line, notes: Notes) -> dict[str, Any]:
    """max_executions and cooldown_seconds, as far as the sentence says them; None is no limit."""
    found: dict[str, Any] = {}
    often = r"(?:at most |only |max(?:imum)?(?: of)? |no more than |not more than |up to |just )"
    if match := line.take(
        rf"(?<![\w<]){often}?(?:once|one time|<n\d+> time) (?:a|per|each|every) (?P<unit>minute|hour|day|week|month)(?![\w>])"
    ):
        found = {"max_executions": None, "cooldown_seconds": SECONDS[match["unit"]]}
    elif match := line.take(rf"(?<![\w<]){often}(?P<count>{NUM}) times? (?:a|per) (?:day|week|month|hour)(?![\w>])"):
        notes.ask(
            "cooldown_seconds",
            "So many times in a period cannot be counted: at most once a day, or so many times in all?",
            "at most once a day",
            f"at most {int(line.number(match['count']))} times",
        )
    elif match := line.take(
        rf"(?<![\w<]){often}(?:(?P<count>{NUM}) times|(?P<word>once|twice))(?: in (?:all|total)| overall)?(?![\w>])"
    ):
        found["max_executions"] = (
            int(line.number(match["count"])) if match["count"] else {"once": 1, "twice": 2}[match["word"]]
        )
    if match := line.take(
        rf"(?<![\w<])(?:with (?:an? )?)?(?:cooldown(?: of)?|wait(?:ing)?(?: at least)?|not more often than every|at least|no more often than every|but not more than every) (?P<count>{NUM}|an?|half an) (?P<unit>seconds?|minutes?|mins?|hours?|days?)(?: (?:between|apart|in between)(?: (?:each|firings|trades|orders|buys|sells|purchases|executions|them))*)?(?: cooldown)?(?![\w>])"
    ):
        found["cooldown_seconds"] = seconds(count_of(match["count"], line), match["unit"])
        found.setdefault("max_executions", None)
    if line.take(
        r"\b(?:every time|each time|whenever|any ?time|always|repeatedly|again and again|over and over|as often as it happens)(?: that)?(?![\w>])"
    ):
        found.setdefault("max_executions", None)
    return found


SECONDS = {
    "second": 1,
    "sec": 1,
    "minute": 60,
    "min": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
    "month": 2_592_000,
}


def seconds(count: Decimal, unit: str) -> int:
    return int(count * SECONDS[unit.rstrip("s")])


def find_hold(line: Line, *, stays: bool) -> int | None:
    """How long what a trigger waits for must stay so, in seconds. `stays`: the trigger says so itself."""
    again = r"(?:and )?(?:it )?(?:stays?|holds?|remains?|keeps?)(?: (?:there|so|that way|below|above|it|like that|under|over))*"
    pattern = rf"(?<![\w<])(?:{again} )?for (?:at least |more than |over )?(?P<count>{NUM}|an?|half an|one) (?P<unit>seconds?|secs?|minutes?|mins?|hours?)(?: straight| in a row| or more| running)?(?![\w>])"
    match = line.take(pattern) or line.take(
        rf"(?<![\w<]){'(?:' + again + ' )?' if stays else again + ' '}for (?:at least )?(?P<count>{NUM}|an?) (?P<unit>days?)(?![\w>])"
    )
    if match is None:
        return None
    return seconds(count_of(match["count"], line), match["unit"])
