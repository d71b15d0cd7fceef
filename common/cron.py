"""Whether a text is a cron expression, and how to mend it. Plain Python."""

from __future__ import annotations

from datetime import datetime

from cronsim import CronSim, CronSimError

from common.reading import shown

HINT = "give five fields, minute hour day-of-month month day-of-week, such as 30 9 * * MON"
START = datetime(2024, 1, 1)  # noqa: DTZ001  (a wall clock, to see whether an expression has any time at all)
_LONGEST = 100  # characters
# The fields in order: cronsim's name, and what may stand there.
_FIELDS = (
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day-of-month", "1 to 31 (a day its month has), L for the last"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day-of-week", "0 to 7 or SUN to SAT, MON#1 for the first Monday, 5L for the last Friday"),
)


def problem_of(expression: str) -> str:
    """What is wrong with the expression, and how to mend it; empty when it can be used."""
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        return f"has {len(fields)} field{'' if len(fields) == 1 else 's'}: {HINT}"
    if len(expression) > _LONGEST:
        return f"is {len(expression)} characters long: at most {_LONGEST} are read"
    try:
        next(CronSim(expression, START))
    except CronSimError as error:  # "Bad hour"
        for (name, allowed), text in zip(_FIELDS, fields, strict=True):
            if name in str(error):
                return f"has {shown(text)} as {name}: use * or {allowed}; lists 1,3, ranges 1-5 and steps */2 work too"
        return f"is not a cron expression: {HINT}"
    except StopIteration:
        return f"never comes within 50 years: {HINT}"
    return ""
