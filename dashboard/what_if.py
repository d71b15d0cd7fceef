"""What would this rule do in a market I describe?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms

from automation.models import Action
from automation.simulating import what_if
from common.errors import InvalidInput
from dashboard.trigger_forms import number

# What decides, by trigger type; a price decides the others.
ASKED = {
    "change_pct": ("price", "prev_close", "session_open"),
    "ma_cross": ("price", "value"),
    "volume_above": ("volume", "value"),
    "time_of_day": ("at",),
    "cron": ("at",),
    "webhook": (),
    "rsi_above": ("price", "value"),
    "rsi_below": ("price", "value"),
    "drawdown_above": ("value",),
    "drift_above": ("value",),
    "signal": ("value",),
}


class WhatIfForm(forms.Form):
    """The market as far as this trigger looks at it; what is left empty comes from the standing quote."""

    use_required_attribute = False
    price = number("Price, $", placeholder="179.50")
    prev_close = number("Last close, $")
    session_open = number("Today's open, $")
    volume = number("Volume today, shares")
    value = number(
        "Value",
        "At the bar's close: +1 crossed up, -1 crossed down, its volume, its RSI, 1 a signal; or the drawdown in %",
    )
    at = forms.DateTimeField(
        label="Time", required=False, widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )

    def __init__(self, action: Action, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        asked = ASKED.get(action.trigger_type, ("price",))
        for name in [name for name in self.fields if name not in asked]:
            del self.fields[name]

    def observation(self) -> dict[str, Any]:
        """What was filled in."""
        if not self.is_valid():
            raise InvalidInput({field: [str(text) for text in texts] for field, texts in self.errors.items()})
        given = {key: value for key, value in self.cleaned_data.items() if value}
        return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in given.items()}


def answer_of(action: Action, form: WhatIfForm, *, now: datetime) -> dict[str, Any]:
    """The answer, or what could not be used as (label, text)."""
    try:
        return {"answer": what_if(action, observation=form.observation(), now=now)}
    except InvalidInput as error:
        labels = {name: field.label or name for name, field in form.fields.items()}
        return {"wrong": [(labels.get(name, name), " ".join(texts)) for name, texts in error.errors.items()]}
