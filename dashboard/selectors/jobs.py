"""Jobs as their pages show them: the list with next times and last results, one job, one run and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator

from accounts.models import User
from automation.jobs.registry import JOB_TYPES
from automation.scheduling import reading
from automation.scheduling.coming import next_times
from automation.scheduling.models import OPEN_RUNS, JobRun, RunState, ScheduledJob
from automation.scheduling.previewing import clock_changes
from automation.scheduling.status import status_of
from dashboard.job_form import SETTINGS

PAGE = 20
SHOWN = 3
TITLES = {
    "market_scan": "Market scan", "portfolio_check": "Portfolio check", "ai_analysis": "AI analysis",
    "alert_check": "Alert check",
}  # fmt: skip
ICONS = {"market_scan": "search", "portfolio_check": "balance", "ai_analysis": "agent", "alert_check": "alerts"}
WHEN = {
    "market_scan": "Useful a few minutes after the open, or every quarter of an hour.",
    "portfolio_check": "Useful before the open and after the close.",
    "ai_analysis": "Useful after the close. Without an AI key it reports the same facts, labelled offline.",
    "alert_check": "Useful every hour or two while you are awake.",
}
FIXES = {
    RunState.FAILED: "It was tried again and given up. Mend what it says, then run it now.",
    RunState.MISSED: "Puffling was not running then, or no worker was free. Run it now if you still want it.",
    RunState.SKIPPED: "It was not to be done. Run it now if you want it all the same.",
}
TONES = {
    RunState.SUCCEEDED: "good", RunState.FAILED: "bad", RunState.MISSED: "warn", RunState.SKIPPED: "",
    RunState.PENDING: "info", RunState.RUNNING: "info",
}  # fmt: skip
PLACE = {"beat": "Clock", "worker": "Worker", "sweeper": "Sweeper"}
DOES = {"beat": "wakes jobs at their times", "worker": "carries them out", "sweeper": "catches what the clock missed"}


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """A job in the list."""

    job: ScheduledJob
    kind: str
    icon: str
    words: str
    times: list[datetime]
    last: JobRun | None
    tone: str
    under_way: bool


def title_of(kind: str) -> str:
    return TITLES.get(kind, kind.replace("_", " ").capitalize())


def job_rows(user: User, *, now: datetime) -> list[JobRow]:
    """The user's jobs, newest first, with their next three times. A constant number of queries."""
    found = list(reading.jobs_of(user))
    runs = JobRun.objects.filter(job__in=found).defer("log", "result").order_by("job_id", "-due_at", "-id")
    last = {run.job_id: run for run in runs.exclude(state__in=OPEN_RUNS).distinct("job_id")}
    under_way = set(JobRun.objects.filter(job__in=found, state__in=OPEN_RUNS).values_list("job_id", flat=True))
    stopped = reading.stopped(user.pk) is not None
    times: dict[Any, list[datetime]] = {}
    rows = []
    for job in found:
        table = reading.timetable_of(job)
        if table not in times:
            times[table] = next_times(table, after=now, count=SHOWN)
        run = last.get(job.pk)
        rows.append(
            JobRow(
                job=job,
                kind=title_of(job.job_type),
                icon=ICONS.get(job.job_type, "clock"),
                words=place_words(table.words()),
                times=times[table] if job.enabled and not stopped else [],
                last=run,
                tone=TONES.get(RunState(run.state), "") if run else "",
                under_way=job.pk in under_way,
            )
        )
    return rows


def place_words(words: str) -> str:
    """'… in America/New_York' as people say it: '… New York time'."""
    head, found, zone = words.partition(" in ")
    if not found or "/" not in zone:
        return words
    name, comma, rest = zone.partition(",")
    return f"{head}, {name.rpartition('/')[2].replace('_', ' ')} time{comma}{rest}"


def scheduler_of(user: User, *, now: datetime) -> dict[str, Any]:
    """Whether the scheduler is alive, and whether this user's jobs are stopped."""
    found = status_of(user, now=now)
    alive = [
        {"name": PLACE[name], "does": DOES[name], **{key: found[name][key] for key in ("alive", "age_seconds")}}
        for name in PLACE
    ]
    return {**found, "processes": alive, "healthy": all(one["alive"] for one in alive)}


def type_cards() -> list[dict[str, Any]]:
    """Every kind of job, with what it does and when it is useful."""
    return [
        {"type": kind, "title": title_of(kind), "words": job.words, "when": WHEN.get(kind, ""),
         "icon": ICONS.get(kind, "clock")}
        for kind, job in JOB_TYPES.items()
    ]  # fmt: skip


def job_detail(job: ScheduledJob, number: str, *, now: datetime) -> dict[str, Any]:
    """A job with its next five times, notes about summer time, settings and runs."""
    table = reading.timetable_of(job)
    return {
        "job": job,
        "title": title_of(job.job_type),
        "kind_words": JOB_TYPES[job.job_type].words,
        "words": place_words(table.words()),
        "times": next_times(table, after=now),
        "clock_notes": clock_changes(table, now=now),
        "settings": [(SETTINGS.get(k, (k.replace("_", " "), ""))[0], _shown(v)) for k, v in job.config.items()],
        "rows": run_page(job, number),
        "stopped": reading.stopped(job.user_id),
    }


def run_page(job: ScheduledJob, number: str) -> Page[JobRun]:
    runs = JobRun.objects.filter(job=job).defer("log", "result").order_by("-due_at", "-id")
    page = Paginator(runs, PAGE).get_page(number)
    for run in page.object_list:
        run.tone = TONES.get(RunState(run.state), "")  # type: ignore[attr-defined]
        run.fix = FIXES.get(RunState(run.state), "")  # type: ignore[attr-defined]
    return page


def run_detail(run: JobRun) -> dict[str, Any]:
    """One run with its log and what it found."""
    return {
        "job": run.job,
        "run": run,
        "tone": TONES.get(RunState(run.state), ""),
        "fix": FIXES.get(RunState(run.state), ""),
        "log": [{"at": datetime.fromisoformat(one["at"]), "line": one["line"]} for one in run.log],
        **found_of(run.result),
        "open": run.state in OPEN_RUNS,
    }


def found_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """What a run found: texts, facts and tables, whatever its type is."""
    facts: list[tuple[str, str]] = []
    tables: list[dict[str, Any]] = []
    text = str(result.get("text") or "")
    for name, value in result.items():
        if name in ("text", "label", "facts") or value in (None, [], {}):
            continue
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            tables.append(_table(name, value))
        elif isinstance(value, Mapping):
            facts += [(f"{_words(name)}: {_words(key).lower()}", _shown(inner)) for key, inner in value.items()]
        else:
            facts.append((_words(name), _shown(value)))
    return {"text": text, "facts": facts, "tables": tables}


def _table(name: str, rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    columns = [key for key in rows[0] if key not in ("strategy", "alert", "action", "goal", "id")]
    return {
        "title": _words(name),
        "columns": [_words(key) for key in columns],
        "rows": [[(_words(key), _shown(row.get(key))) for key in columns] for row in rows],
    }


def _words(name: str) -> str:
    return name.replace("_percent", ", %").replace("_", " ").capitalize()


def _shown(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(key).lower()} {_shown(inner)}" for key, inner in value.items())
    if isinstance(value, str) and len(value) > 18 and value[4:5] == "-" and "T" in value:
        return _moment(value)
    if isinstance(value, (int, float, Decimal)):
        return f"{value:,}"
    return str(value)


def _moment(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text):%d %b %Y, %H:%M} UTC"
    except ValueError:
        return text
