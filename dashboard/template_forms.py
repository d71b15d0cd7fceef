"""The form of a rule template: one input per parameter. Nothing is validated here: the domain does that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from automation.blueprints.base import Blueprint, Field
from automation.models import Mode
from common.errors import InvalidInput
from portfolios.models import Portfolio

NUMBERS = ("percent", "dollars", "number")
MODES = [
    (Mode.MONITOR, "Monitor: record only, gather evidence"),
    (Mode.NOTIFY, "Notify: record it and tell me"),
    (Mode.AUTO, "Automatic: do it, through the safety gate"),
]


class TemplateForm(forms.Form):
    """The blueprint's own parameters, then the portfolio and the mode."""

    use_required_attribute = False

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        blueprint: Blueprint,
        portfolios: list[Portfolio],
        given: Mapping[str, str] | None = None,
    ) -> None:
        """`given`: what a link has filled in already."""
        super().__init__(data, initial=dict(given or {}))
        for field in blueprint.fields:
            self.fields[field.name] = _input(field)
        if len(portfolios) > 1:
            named = [(str(portfolio.pk), portfolio.name) for portfolio in portfolios]
            self.fields["portfolio"] = forms.ChoiceField(label="Portfolio", choices=named, required=False)
        self.fields["mode"] = forms.ChoiceField(label="Mode", choices=MODES, initial=Mode.AUTO, required=False)

    def params(self) -> dict[str, Any]:
        """What was filled in. Raises InvalidInput for a choice that is none."""
        if not self.is_valid():
            raise InvalidInput({field: [str(text) for text in texts] for field, texts in self.errors.items()})
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    def blame(self, error: InvalidInput) -> None:
        """Show each refusal on its field; what has none goes on top."""
        for name, texts in error.errors.items():
            if name not in self.fields:
                self.add_error(None, [f"{name}: {text}" for text in texts])
            elif not self.has_error(name):
                self.add_error(name, texts)


def _input(field: Field) -> forms.Field:
    options: dict[str, Any] = {"label": field.label, "required": False, "help_text": field.help}
    if field.kind == "choice":
        return forms.ChoiceField(choices=field.choices, initial=field.default, **options)
    attrs = {"autocomplete": "off"}
    if field.kind in NUMBERS:
        attrs["inputmode"] = "decimal"
    if field.kind == "symbol":
        attrs["list"] = "symbols"
    return forms.CharField(initial=field.default, widget=forms.TextInput(attrs=attrs), **options)
