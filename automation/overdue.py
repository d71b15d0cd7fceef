"""What becomes of the times of a clock rule that have passed: one may run, the others are accounted for.

Plain Python: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from automation.triggers.base import Occasion

# A time found this late is still the time: the sweeper was busy. Later, the system was not there.
ON_TIME = timedelta(seconds=60)
KEPT = 50  # rows per rule and outage
ANSWER_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class Passed:
    """A time that was not kept. `outcome` is one of `models.Missed.Outcome`, `note` says why in a sentence."""

    at: datetime
    outcome: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """`run_at` is the due time to execute now, if any. `passed` are the others, oldest first, the latest `KEPT`."""

    run_at: datetime | None
    passed: tuple[Passed, ...]


def judge(
    occasions: Iterable[Occasion],
    *,
    policy: str,
    run_late_minutes: int | None,
    ends_at: datetime | None,
    now: datetime,
    what: str = "rule",
) -> Verdict:
    """Decide about the occasions until `now`, in order of time. `ends_at` is when the rule's window ends.

    `what` is what the notes call it.

    At most one runs: the latest if it is on time, or the latest missed one if the policy lets it run this late.
    """
    times, gaps = _sorted_out(occasions, ends_at)
    on_time = bool(times) and now - times[-1] <= ON_TIME
    missed = times[:-1] if on_time else times
    passed = {at: Passed(at=at, outcome="skipped", note=f"Skipped, as the {what} says.") for at in missed}
    if missed and policy != "skip":
        passed |= {at: replace(passed[at], note="Skipped: only the latest missed time counts.") for at in missed[:-1]}
        last = missed[-1]
        over = ends_at is not None and ends_at < now
        passed[last] = _last(last, policy, run_late_minutes, now=now, on_time=on_time, over=over, what=what)
    ran_late = bool(missed) and passed[missed[-1]].outcome == "ran_late"
    for at, skipped in gaps.items():
        note = f"{' and '.join(_few(skipped))} did not exist: the clock was set forward. Skipped."
        real = passed.get(at)
        passed[at] = replace(real, note=f"{real.note} {note}") if real else Passed(at=at, outcome="skipped", note=note)
    run_at = times[-1] if on_time or ran_late else None
    return Verdict(run_at=run_at, passed=_latest([passed[at] for at in sorted(passed)]))


def _sorted_out(
    occasions: Iterable[Occasion], ends_at: datetime | None
) -> tuple[list[datetime], dict[datetime, list[str]]]:
    """The due times, and what the clock jumped over at which instant."""
    times: list[datetime] = []
    gaps: dict[datetime, list[str]] = {}
    for occasion in occasions:
        if ends_at is not None and occasion.at > ends_at:
            continue
        if occasion.skipped:
            gaps.setdefault(occasion.at, []).append(occasion.skipped)
        else:
            times.append(occasion.at)
    return times, gaps


def _last(
    at: datetime, policy: str, run_late_minutes: int | None, *, now: datetime, on_time: bool, over: bool, what: str
) -> Passed:
    """What becomes of the latest missed time of a rule that does not simply skip."""
    late = in_words(now - at)
    if over:
        return Passed(at=at, outcome="skipped", note="Skipped: the rule's window has ended.")
    if policy == "ask":
        until = now + ANSWER_WITHIN
        return Passed(at=at, outcome="asked", note=f"Waits for your answer until {until:%Y-%m-%d %H:%M} UTC.")
    if on_time:
        return Passed(at=at, outcome="skipped", note="Skipped: the next time was kept.")
    if now - at > timedelta(minutes=run_late_minutes or 0):
        note = f"Skipped: found {late} late, the {what} allows {run_late_minutes} min."
        return Passed(at=at, outcome="skipped", note=note)
    return Passed(at=at, outcome="ran_late", note=f"Run {late} late.")


def _latest(passed: Sequence[Passed]) -> tuple[Passed, ...]:
    """The latest `KEPT`; the first of them tells how many more there were."""
    more = len(passed) - KEPT
    if more <= 0:
        return tuple(passed)
    first, *others = passed[more:]
    return (replace(first, note=f"{first.note} {more} earlier missed times are not listed."), *others)


def _few(texts: list[str]) -> list[str]:
    return texts if len(texts) <= 2 else [texts[0], f"{len(texts) - 1} more times until {texts[-1]}"]


def in_words(span: timedelta) -> str:
    """A span to the minute: 45 min, 3 h 5 min, 2 d 4 h."""
    minutes = int(span.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"


def seen(due_at: datetime, now: datetime) -> dict[str, Any]:
    """What a firing at a due time records: when it was due, and how many seconds late it is."""
    return {"due_at": due_at.isoformat(), "late_seconds": int((now - due_at).total_seconds())}
