"""How would this rule have done? The range, the bars, what it starts with, and values to try for one parameter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import forms

from automation.models import Action
from automation.triggers.registry import TRIGGERS
from common.errors import InvalidInput
from dashboard.trigger_forms import number
from markets.models import Bar

SPAN = timedelta(days=365)
NAMES = {"grid.parameter": "grid_parameter", "grid.from": "grid_from", "grid.to": "grid_to", "grid.step": "grid_step"}


def day(label: str) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))


class ReplayForm(forms.Form):
    """What the domain reads; it says what is wrong, and the error lands on the field."""

    use_required_attribute = False
    start = day("From")
    end = day("To")
    timeframe = forms.ChoiceField(label="Bars", choices=[("1d", "Daily"), ("1m", "Minutes")], required=False)
    cash = number("Cash at the start, $")
    shares = number("Shares at the start")
    ignore_dates = forms.BooleanField(label="As if the rule had no start and end date", required=False)
    grid_parameter = forms.ChoiceField(label="Try values of", required=False)
    grid_from = number("from")
    grid_to = number("to")
    grid_step = number("in steps of")

    def __init__(self, action: Action, data: Mapping[str, Any] | None = None, *, now: datetime | None = None) -> None:
        super().__init__(data, initial=_begin_with(action, now.date()) if now else None)
        parameters = {**TRIGGERS[action.trigger_type].example, **action.trigger_params}
        numbers = [name for name, value in parameters.items() if _is_number(value)]
        choices = [("", "nothing: just this rule"), *((name, name.replace("_", " ")) for name in numbers)]
        self.fields["grid_parameter"] = forms.ChoiceField(label="Try values of", choices=choices, required=False)
        if not (action.valid_from or action.valid_until):
            del self.fields["ignore_dates"]

    def asked(self) -> dict[str, Any]:
        """The request as the API takes it. Raises InvalidInput for what is not a date."""
        if not self.is_valid():
            raise InvalidInput({field: [str(text) for text in texts] for field, texts in self.errors.items()})
        given = self.cleaned_data
        asked: dict[str, Any] = {"timeframe": given["timeframe"] or "1d", "from": _text(given["start"])}
        asked |= {"to": _text(given["end"]), "cash": given["cash"], "shares": given["shares"]}
        if given.get("ignore_dates"):
            asked["ignore_dates"] = True
        if given["grid_parameter"]:
            asked["grid"] = {
                "parameter": given["grid_parameter"],
                **{n: given[f"grid_{n}"] for n in ("from", "to", "step")},
            }
        return {name: value for name, value in asked.items() if value not in (None, "")}

    def blamed(self, error: InvalidInput) -> list[tuple[str, str]]:
        """What could not be used, as (label, text)."""
        names = {"from": "start", "to": "end", **NAMES}
        found = []
        for name, texts in error.errors.items():
            field = self.fields.get(names.get(name, name))
            found.append((str(field.label) if field and field.label else name.replace("_", " "), " ".join(texts)))
        return found


def _begin_with(action: Action, today: date) -> dict[str, Any]:
    """A year of daily bars, or as much as there is."""
    first = (
        Bar.objects.filter(instrument_id=action.instrument_id, timeframe="1d").order_by("at").values_list("at").first()
    )
    start = today - SPAN
    if first and first[0].date() > start:
        start = first[0].date()
    value = action.trigger_params.get("threshold")
    initial: dict[str, Any] = {"start": start, "end": today, "timeframe": "1d", "ignore_dates": True}
    return {**initial, "grid_from": value} if value else initial


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (
        isinstance(value, str) and value.replace(".", "", 1).replace("-", "", 1).isdigit()
    )


def _text(value: date | None) -> str | None:
    return value.isoformat() if value else None
