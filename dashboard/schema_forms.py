"""Forms made of the domain's own descriptions of parameters. Nothing is validated here: the domain does that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from automation.strategies.base import Parameter
from common.errors import InvalidInput
from dashboard.trigger_forms import choice, number

CHOICES = {"sma": "SMA, simple", "ema": "EMA, weighs the newest bars more"}


class SchemaForm(forms.Form):
    """One input per parameter of a schema, with its range said below and its default filled in."""

    use_required_attribute = False

    def __init__(
        self, schema: Sequence[Parameter], data: Mapping[str, Any] | None, values: Mapping[str, Any], *, prefix: str
    ) -> None:
        super().__init__(data, prefix=prefix)
        for parameter in schema:
            self.fields[parameter.name] = _field(parameter)
            self.initial[parameter.name] = values.get(parameter.name, parameter.default)

    def given(self) -> dict[str, Any]:
        """What was filled in; an empty field is left out, so that it has its default."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}


class Blamed:
    """Puts the domain's refusals beside the inputs they are about. `place_of` is the form's own."""

    def place_of(self, path: str) -> tuple[forms.Form, str | None]:
        raise NotImplementedError

    def blame(self, error: InvalidInput) -> None:
        """What has no input goes on top of the form."""
        for path, texts in error.errors.items():
            form, field = self.place_of(path)
            if field is None:
                form.add_error(None, [f"{path.replace('_', ' ')}: {text}" for text in texts])
            elif not form.has_error(field):
                form.add_error(field, texts)


def typed(form: forms.Form) -> dict[str, Any]:
    """The cleaned data. Raises InvalidInput for what cannot even be read (a date)."""
    if not form.is_valid():
        raise InvalidInput({field: [str(text) for text in texts] for field, texts in form.errors.items()})
    return form.cleaned_data


def _field(parameter: Parameter) -> forms.Field:
    told = f"{parameter.help[:1].upper()}{parameter.help[1:]}" if parameter.help else ""
    if parameter.kind == "flag":
        return forms.BooleanField(label=parameter.label, required=False, help_text=told)
    if parameter.kind == "choice":
        return choice(
            parameter.label, [(one, CHOICES.get(one, one.replace("_", " "))) for one in parameter.choices], told
        )
    mode = "numeric" if parameter.kind == "integer" else "decimal"
    return number(parameter.label, ". ".join(text for text in (told, range_of(parameter)) if text), inputmode=mode)


def range_of(parameter: Parameter) -> str:
    """'2 to 1000', 'above 0, up to 100'."""
    most = "" if parameter.most is None else str(parameter.most)
    if parameter.above is not None:
        return f"Above {parameter.above}" + (f", up to {most}" if most else "")
    if parameter.least is not None:
        return f"{parameter.least} to {most}" if most else f"{parameter.least} or more"
    return f"Up to {most}" if most else ""
