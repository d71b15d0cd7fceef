"""The form of a job. What a type asks for is read off its own defaults; labels and explanations are kept here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from automation.jobs.registry import JOB_TYPES
from automation.scheduling.models import MisfirePolicy, ScheduledJob
from automation.scheduling.reading import timetable_of
from dashboard.clock_form import JOB_HELP, JOB_TIMES, chosen, common_field, initial_times, own_field, zone_field
from dashboard.schema_forms import Blamed, typed
from dashboard.trigger_forms import choice, number
from portfolios.models import Portfolio

# (label, explanation) of each setting.
SETTINGS = {
    "symbols": ("Symbols", "Separated by commas. Empty: those you hold, and those your rules watch"),
    "movers": ("Show so many that moved most", ""),
    "nearest": ("Show so many rules nearest to firing", ""),
    "strategies": ("Run your strategies, too", "Each judges its newest closed bar; one judged before is left alone"),
    "drawdown_percent": ("Tell me at a fall from the highest of, %", ""),
    "day_loss_percent": ("Tell me at a loss of the day of, %", ""),
    "cash_below_percent": ("Tell me when cash is below, %", "Of the equity. Empty: never"),
    "goals": ("Check drift from goals", ""),
    "audit": ("Check the books", "Holdings and cash are added up again from the ledger"),
    "hours": ("Look back, hours", ""),
    "after_minutes": ("Remind me after, minutes", "Of critical alerts nobody has seen"),
    "remind_minutes": ("And again every, minutes", ""),
}
POLICIES = [
    (MisfirePolicy.RUN_LATE.value, "Run it late, if not too late"),
    (MisfirePolicy.RUN_ONCE_LATEST.value, "Run the latest one, however late"),
    (MisfirePolicy.SKIP.value, "Skip it"),
]


class ConfigForm(forms.Form):
    """The settings of one job type."""

    use_required_attribute = False

    def __init__(self, kind: str, data: Mapping[str, Any] | None, values: Mapping[str, Any]) -> None:
        super().__init__(data, prefix="config")
        self.defaults = JOB_TYPES[kind].parse({})
        for name, default in self.defaults.items():
            label, told = SETTINGS.get(name, (name.replace("_", " ").capitalize(), ""))
            if isinstance(default, bool):
                self.fields[name] = forms.BooleanField(label=label, required=False, help_text=told)
            else:
                mode = "text" if isinstance(default, list) else "decimal"
                self.fields[name] = number(label, told, inputmode=mode)
            value = values.get(name, default)
            self.initial[name] = ", ".join(value) if isinstance(value, list) else value

    def given(self) -> dict[str, Any]:
        """As the type reads it; an empty field is left out, so that it has its default."""
        self.full_clean()
        found: dict[str, Any] = {}
        for name, value in self.cleaned_data.items():
            if isinstance(self.defaults[name], list):
                value = [word.strip() for word in value.split(",") if word.strip()]
            if value not in ("", None, []):
                found[name] = value
        return found


class JobForm(Blamed, forms.Form):
    """What, when, and what if its time was missed."""

    use_required_attribute = False
    name = forms.CharField(label="Name", required=False, help_text="Empty: what it does")
    common = common_field(JOB_TIMES)
    own = own_field(JOB_HELP)
    timezone = zone_field()
    trading_days_only = forms.BooleanField(
        label="Only on days New York trades", required=False, help_text="Leaves out weekends and holidays"
    )
    misfire_policy = choice(
        "If its time was missed", POLICIES, "When Puffling was not running: of several times at most the latest runs"
    )
    run_late_minutes = number("At most so late, minutes", inputmode="numeric")
    portfolio = forms.ModelChoiceField(
        label="Portfolio", queryset=Portfolio.objects.none(), required=False, empty_label="The primary one"
    )

    def __init__(
        self,
        kind: str,
        data: Mapping[str, Any] | None,
        *,
        portfolios: list[Portfolio],
        job: ScheduledJob | None = None,
    ) -> None:
        super().__init__(data, initial=initial_of(job))
        self.kind, self.job = kind, job
        field = self.fields["portfolio"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Portfolio.objects.filter(pk__in=[one.pk for one in portfolios])
        self.config = ConfigForm(kind, data, job.config if job else {})

    def as_data(self) -> dict[str, Any]:
        """The API's fields. Raises InvalidInput."""
        given = typed(self)
        late = given["misfire_policy"] in ("", MisfirePolicy.RUN_LATE)
        data: dict[str, Any] = {
            "job_type": self.kind,
            "schedule": chosen(given["common"], given["own"]),
            "timezone": given["timezone"] or "America/New_York",
            "trading_days_only": given["trading_days_only"],
            "config": self.config.given(),
            "misfire_policy": given["misfire_policy"] or MisfirePolicy.RUN_LATE.value,
            "portfolio": str(given["portfolio"].pk) if given["portfolio"] else None,
        }
        if late:
            data["run_late_minutes"] = given["run_late_minutes"] or None
        if given["name"]:
            data["name"] = given["name"]
        return data

    def place_of(self, path: str) -> tuple[forms.Form, str | None]:
        head, _, rest = path.partition(".")
        if head == "config" and rest in self.config.fields:
            return self.config, rest
        if head == "schedule":
            return self, "own"
        return self, head if head in self.fields else None


def initial_of(job: ScheduledJob | None) -> dict[str, Any]:
    """What the form shows at first."""
    if job is None:
        return {
            "common": JOB_TIMES[0][0], "timezone": "America/New_York", "run_late_minutes": "60",
            "misfire_policy": MisfirePolicy.RUN_LATE.value,
        }  # fmt: skip
    return {
        **{name: getattr(job, name) for name in ("name", "timezone", "misfire_policy", "run_late_minutes")},
        "trading_days_only": job.trading_days_only and not timetable_of(job).on_exchange_clock,
        "portfolio": job.portfolio_id,
        **initial_times(JOB_TIMES, job.schedule),
    }
