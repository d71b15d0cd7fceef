"""The conditions of the action form: small forms that come and go, each with the fields of its own kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from automation.drafting.when import MOST_CONDITIONS
from automation.triggers.lasting import FOR_SECONDS
from automation.triggers.registry import CONDITIONS, TRIGGERS
from dashboard.trigger_forms import TRIGGER_FORMS, TriggerForm

LISTED = "condition"  # one hidden input per condition holds its number
FIRST_KIND = "rsi_below"
NOT_OF_CONDITIONS = (FOR_SECONDS, "hysteresis", "edge")  # a condition looks at one moment


class ConditionForm(forms.Form):
    """One condition; `number` is its place among the inputs of the page, gaps are fine."""

    use_required_attribute = False
    trigger_type = forms.ChoiceField(
        label="Only if", choices=[(kind, TRIGGER_FORMS[kind].state) for kind in CONDITIONS], required=False
    )
    symbol = forms.CharField(
        label="Of",
        required=False,
        help_text="Empty: the rule's own symbol",
        widget=forms.TextInput(attrs={"list": "symbols", "autocomplete": "off"}),
    )

    def __init__(
        self, number: int, data: Mapping[str, Any] | None = None, stored: Mapping[str, Any] | None = None
    ) -> None:
        stored = stored or {"trigger_type": FIRST_KIND}
        prefix = f"{LISTED}-{number}"
        super().__init__(data, prefix=prefix, initial=dict(stored))
        self.number = number
        given = str(self["trigger_type"].value())
        self.kind = given if given in CONDITIONS else FIRST_KIND
        initial = dict(stored.get("trigger_params", {})) if stored.get("trigger_type") == self.kind else None
        self.params = self._params(data, initial)
        if not TRIGGERS[self.kind].needs_symbol:
            del self.fields["symbol"]

    def empty_params(self) -> TriggerForm:
        """The fields of its kind with nothing typed yet."""
        return self._params(None, None)

    def _params(self, data: Mapping[str, Any] | None, initial: dict[str, Any] | None) -> TriggerForm:
        form = TRIGGER_FORMS[self.kind](data, prefix=f"{self.prefix}-{self.kind}", initial=initial)
        for name in NOT_OF_CONDITIONS:
            form.fields.pop(name, None)
        return form

    def as_data(self) -> dict[str, Any]:
        """The condition as the API takes it."""
        self.full_clean()
        condition: dict[str, Any] = {"trigger_type": self.kind, "trigger_params": self.params.params()}
        if self.cleaned_data.get("symbol"):
            condition["symbol"] = self.cleaned_data["symbol"]
        return condition

    def place_of(self, path: str) -> tuple[forms.Form, str | None]:
        """The form and field that show the domain's `path`, conditions.<n>.…; the kind if no other does."""
        name = path.split(".")[-1]
        if ".trigger_params." in path and name in self.params.fields:
            return self.params, name
        return self, name if name in self.fields else "trigger_type"


def condition_forms(
    data: Mapping[str, Any] | None, stored: Sequence[Mapping[str, Any]] | None = None
) -> list[ConditionForm]:
    """Those on the page as it was sent, or those of the rule being edited."""
    if data is None:
        return [ConditionForm(number, stored=condition) for number, condition in enumerate(stored or ())]
    return [ConditionForm(number, data) for number in numbers_in(data)]


def numbers_in(data: Mapping[str, Any]) -> list[int]:
    """The numbers of the conditions on the page, in its order; what is no number was not sent by the page."""
    listed = data.getlist(LISTED) if isinstance(data, QueryDict) else [data[LISTED]] if LISTED in data else []
    numbers = [int(text) for text in listed if text.isascii() and text.isdigit() and len(text) < 4]
    return list(dict.fromkeys(numbers))[: MOST_CONDITIONS + 1]  # one too many is refused by the domain, with the reason


def another(data: QueryDict) -> ConditionForm:
    """An empty condition that goes below those on the page; or one of them again, for its kind has changed."""
    again = data.get("again", "")
    if again.isascii() and again.isdigit() and len(again) < 4:
        form = ConditionForm(int(again), data)
        form.params = form.empty_params()  # what was typed belonged to the kind it was before
        return form
    return ConditionForm(max(numbers_in(data), default=-1) + 1)
