"""The forms of the agent's settings and of the price table. The domain reads the values and says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from agent.configuring import DOLLARS, WHOLE
from agent.models import AgentConfig, Provider, RunMode
from common.errors import InvalidInput
from common.money import plain

LABELS = {
    "dollars_per_run": ("Per run, $", "Reserved before each request; a run that would go over ends with its report"),
    "dollars_per_day": ("Per day, $", "Days and months begin at midnight UTC"),
    "dollars_per_month": ("Per month, $", "All runs together"),
    "max_calls": ("Requests to the model", "Per run, repeated ones too"),
    "max_turns": ("Answers of the model", "Per run"),
    "max_tool_calls": ("Looks at data", "Uses of a tool per run"),
    "max_seconds": ("Time, seconds", "Per run"),
    "max_output_tokens": ("Longest answer, tokens", "Per request"),
    "max_tokens_per_run": ("Tokens per run", "Read and written together"),
}
WHO = ("provider", "model", "mode", "min_confidence", "instructions", "notifications_in_chat")


class AgentForm(forms.Form):
    """One input per setting, filled with what holds."""

    use_required_attribute = False
    provider = forms.ChoiceField(
        label="Who thinks", choices=Provider.choices, help_text="The offline analyst needs no key and costs nothing"
    )
    model = forms.CharField(
        label="Model", required=False, help_text="As the provider names it; it must be in the price table"
    )
    mode = forms.ChoiceField(label="How far it may go", choices=RunMode.choices)
    min_confidence = forms.CharField(
        label="Confidence needed, 0 to 1",
        widget=forms.TextInput({"inputmode": "decimal"}),
        help_text="In mode execute, a proposal below it waits for you",
    )
    instructions = forms.CharField(
        label="What it should mind",
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text="In your words, such as: mind drawdowns more than returns. It cannot widen what the agent may do",
    )
    notifications_in_chat = forms.BooleanField(label="Show alerts of rules in the chat", required=False)
    override = forms.CharField(
        label="Your reason",
        required=False,
        help_text="10 to 300 characters; kept in the safety log. Only to raise the mode against the scorecard",
    )

    def __init__(self, config: AgentConfig, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=_initial(config))
        self.config = config
        for name, (label, help_text) in LABELS.items():
            mode = "decimal" if name in DOLLARS else "numeric"
            self.fields[name] = forms.CharField(
                label=label,
                help_text=f"{help_text}. {_range(name)}",
                initial=_text(getattr(config, name)),
                widget=forms.TextInput({"inputmode": mode, "autocomplete": "off"}),
                required=False,
            )

    @property
    def budgets(self) -> list[forms.BoundField]:
        return [self[name] for name in DOLLARS]

    @property
    def limits(self) -> list[forms.BoundField]:
        return [self[name] for name in WHOLE]

    def changes(self) -> dict[str, Any]:
        """What differs from what holds, as the domain takes it."""
        given: dict[str, Any] = {}
        for name in (*WHO, *LABELS):
            if name == "notifications_in_chat":
                value: Any = name in self.data
            else:
                value = str(self.data.get(name, "")).strip()
                if name == "instructions":
                    value = value.replace("\r\n", "\n")
            if value != (held if isinstance(held := getattr(self.config, name), bool) else _text(held)):
                given[name] = int(value) if name in WHOLE and value.isdigit() else value
        if reason := str(self.data.get("override", "")).strip():
            given["override"] = reason
        return given

    def refuse(self, error: InvalidInput) -> None:
        """Put the domain's refusals beside the inputs."""
        self.is_valid()
        for name, texts in error.errors.items():
            self.add_error(name if name in self.fields else None, texts)


class PriceForm(forms.Form):
    """The price of one model, in dollars for a million tokens."""

    use_required_attribute = False
    price_provider = forms.ChoiceField(
        label="Provider", choices=[choice for choice in Provider.choices if choice[0] != Provider.OFFLINE]
    )
    price_model = forms.CharField(label="Model", max_length=80)
    input = forms.CharField(label="Read, $", widget=forms.TextInput({"inputmode": "decimal"}))
    output = forms.CharField(label="Written, $", widget=forms.TextInput({"inputmode": "decimal"}))
    cache_read = forms.CharField(
        label="Read from cache, $", required=False, widget=forms.TextInput({"inputmode": "decimal"})
    )
    cache_write = forms.CharField(
        label="Written to cache, $", required=False, widget=forms.TextInput({"inputmode": "decimal"})
    )

    def clean(self) -> dict[str, Any]:
        """Prices as decimals."""
        cleaned = super().clean() or {}
        for name in ("input", "output", "cache_read", "cache_write"):
            text = str(cleaned.get(name, "")).strip()
            if not text or name in self.errors:
                continue
            try:
                cleaned[name] = Decimal(text)
            except InvalidOperation:
                self.add_error(name, f"{text} is not a number: give dollars, such as 3 or 0.25.")
                continue
            if not cleaned[name].is_finite() or not 0 <= cleaned[name] < 100_000:
                self.add_error(name, f"{text} is out of range: give 0 to 100,000 dollars.")
        return cleaned

    def as_arguments(self) -> dict[str, Any]:
        """For `agent.pricing.set_price`, once it is valid."""
        typed = self.cleaned_data
        optional = {
            name: typed[name] or None if typed[name] == "" else typed[name] for name in ("cache_read", "cache_write")
        }
        return {
            "provider": typed["price_provider"], "model": typed["price_model"],
            "input": typed["input"], "output": typed["output"], **optional,
        }  # fmt: skip


def _initial(config: AgentConfig) -> dict[str, Any]:
    return {name: value if isinstance(value := getattr(config, name), bool) else _text(value) for name in WHO}


def _range(name: str) -> str:
    if name in DOLLARS:
        return f"0 to {DOLLARS[name]:,}"
    least, most = WHOLE[name]
    return f"{least:,} to {most:,}"


def _text(value: Any) -> str:
    return plain(value) if isinstance(value, Decimal) else str(value)
