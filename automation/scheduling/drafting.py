"""Check what a person wrote as a job: every field, all errors at once, each with the value and the fix."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.drafting.base import storable
from automation.jobs.registry import JOB_TYPES
from automation.lookups import Lookups
from automation.scheduling.models import MisfirePolicy, ScheduledJob
from automation.scheduling.reading import timetable_of
from automation.scheduling.timetable import read_timetable
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader, shown
from common.errors import InvalidInput

NAME_LENGTH = 120
LATE_MINUTES = 60  # how late a job may run unless its owner says otherwise
MOST_LATE_MINUTES = 7 * 24 * 60
ZONE = "America/New_York"
EDITABLE = (
    "name",
    "job_type",
    "schedule",
    "timezone",
    "trading_days_only",
    "config",
    "enabled",
    "misfire_policy",
    "run_late_minutes",
    "portfolio",
)


class JobDraft:
    """Reads one raw job into model fields. `errors` collects {field: message}."""

    def __init__(self, *, user: User, raw: Mapping[str, Any], editing: ScheduledJob | None = None) -> None:
        self.user, self.editing = user, editing
        try:
            self.read = Reader(raw, "a field of a job")
        except BadParams:
            raise InvalidInput({"body": f"must be an object, not {shown(raw)}"}) from None
        self.fields: dict[str, Any] = {}
        self.errors = self.read.errors

    def check(self) -> dict[str, Any]:
        """The fields of the job. Raises InvalidInput with every error."""
        self._type_and_config()
        self._times()
        self._lateness()
        self._portfolio()
        self.fields["enabled"] = self.read.flag("enabled", default=True)
        self._name()
        try:
            self.read.done()
        except BadParams as bad:
            raise InvalidInput(bad.errors) from None
        return self.fields

    def _type_and_config(self) -> None:
        kind, config = self.read.take("job_type"), self.read.take("config")
        options = ", ".join(JOB_TYPES)
        if not isinstance(kind, str) or kind not in JOB_TYPES:
            near = difflib.get_close_matches(kind, JOB_TYPES, n=1) if isinstance(kind, str) else []
            hint = f"did you mean {near[0]}?" if near else f"use one of {options}"
            self.errors["job_type"] = f"is required: {hint}" if kind is None else f"{shown(kind)} is not known: {hint}"
            return
        self.fields["job_type"] = kind
        try:
            self.fields["config"] = JOB_TYPES[kind].parse({} if config is None else config)
        except BadParams as bad:
            self.errors.update({f"config.{key}" if key else "config": text for key, text in bad.errors.items()})

    def _times(self) -> None:
        schedule, zone = self.read.take("schedule"), self.read.take("timezone")
        trading_days = self.read.flag("trading_days_only", default=False)
        try:
            found = read_timetable(schedule, ZONE if zone is None else zone, trading_days_only=trading_days)
        except BadParams as bad:
            self.errors.update(bad.errors)
            return
        self.fields |= {
            "schedule": found.schedule,
            "timezone": found.timezone,
            "trading_days_only": found.trading_days_only,
        }

    def _lateness(self) -> None:
        policy = self.read.choice("misfire_policy", MisfirePolicy.values, default=MisfirePolicy.RUN_LATE.value)
        late = policy == MisfirePolicy.RUN_LATE
        if late:
            minutes = self.read.integer("run_late_minutes", default=LATE_MINUTES, at_least=1, at_most=MOST_LATE_MINUTES)
        else:
            minutes = None
            if (given := self.read.take("run_late_minutes")) is not None:
                self.errors["run_late_minutes"] = f"{shown(given)} goes with misfire_policy run_late only: leave it out"
        self.fields |= {"misfire_policy": policy, "run_late_minutes": minutes}

    def _portfolio(self) -> None:
        value = self.read.take("portfolio")
        self.fields["portfolio_id"] = None
        if value is None:
            return
        try:
            found = Lookups(self.user).portfolio(UUID(str(value)))
        except ValueError:
            found = None
        if found is None:
            self.errors["portfolio"] = f"{shown(value)} is not one of your portfolios: see /api/portfolios/"
        else:
            self.fields["portfolio_id"] = found.pk

    def _name(self) -> None:
        value = self.read.take("name")
        if value is None:
            value = self._free_name()
        if not isinstance(value, str) or not value.strip():
            self.errors["name"] = f"{shown(value)} is not a name: give 1 to {NAME_LENGTH} characters"
        elif len(value.strip()) > NAME_LENGTH:
            self.errors["name"] = f"is {len(value)} characters long: at most {NAME_LENGTH} are kept"
        elif not storable(value):
            self.errors["name"] = "contains a NUL character or half of a surrogate pair: remove it"
        elif self._taken(value.strip()):
            self.errors["name"] = f"{shown(value.strip())} is the name of another job of yours: choose another"
        else:
            self.fields["name"] = value.strip()

    def _taken(self, name: str) -> bool:
        others = ScheduledJob.objects.filter(user=self.user, name=name)
        return (others.exclude(pk=self.editing.pk) if self.editing else others).exists()

    def _free_name(self) -> str:
        """'Market scan', or 'Market scan 2' if there is one."""
        base = str(self.fields.get("job_type", "job")).replace("_", " ").capitalize().replace("Ai ", "AI ")
        taken = set(ScheduledJob.objects.filter(user=self.user, name__startswith=base).values_list("name", flat=True))
        return next(name for n in range(1, len(taken) + 2) if (name := f"{base} {n}" if n > 1 else base) not in taken)


def as_raw(job: ScheduledJob) -> dict[str, Any]:
    """A job as `JobDraft` reads it, so that an edit is checked together with what it leaves alone."""
    raw = {name: getattr(job, name) for name in EDITABLE if name != "portfolio"}
    if timetable_of(job).on_exchange_clock:
        raw["trading_days_only"] = False  # there it is always so, and need not stay so elsewhere
    return {**raw, "portfolio": str(job.portfolio_id) if job.portfolio_id else None}


def merged(job: ScheduledJob, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The job with the changes: what belongs to a type or policy that is given up goes with it."""
    raw = as_raw(job)
    if changes.get("job_type", job.job_type) != job.job_type:
        raw.pop("config")
    if changes.get("misfire_policy", job.misfire_policy) != job.misfire_policy:
        raw.pop("run_late_minutes")
    return {**raw, **changes}
