"""The form of a channel: the service's own fields, how loud each kind of alert is, and when not to be disturbed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from django import forms

from alerts.channels.queueing import DEFAULT
from alerts.channels.services import Blank, Service, target_of
from alerts.models import Alert, AlertChannel
from common.errors import InvalidInput

HOW_LOUD = [
    (AlertChannel.Verbosity.ON.value, "At once"),
    (AlertChannel.Verbosity.SILENT.value, "Silent"),
    (AlertChannel.Verbosity.DIGEST.value, "Digest"),
    (AlertChannel.Verbosity.OFF.value, "Off"),
]
NUMBERS = ("flood_count", "flood_minutes", "digest_minutes", "repeat_minutes", "repeat_most")
FORM_ID = "channel-form"
PLAIN = ("name", "quiet_from", "quiet_until", "time_zone", *NUMBERS)


@dataclass(frozen=True, kw_only=True)
class Loudness:
    """A row of the matrix: a kind of alert with what is chosen for it ("" is as for everything else)."""

    kind: str
    label: str
    chosen: str


def _clock(label: str) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=forms.TextInput({"type": "time"}))


def _whole(label: str, help_text: str = "") -> forms.CharField:
    attrs = {"inputmode": "numeric", "autocomplete": "off"}
    return forms.CharField(label=label, required=False, help_text=help_text, widget=forms.TextInput(attrs))


class ChannelForm(forms.Form):
    """Nothing is validated here: the domain does that. What is secret is never filled in again."""

    use_required_attribute = False
    name = forms.CharField(
        label="What you call it", required=False, widget=forms.TextInput({"placeholder": "my phone"})
    )
    quiet_from = _clock("Quiet from")
    quiet_until = _clock("Quiet until")
    time_zone = forms.ChoiceField(label="On the clock of", required=False, choices=[])
    flood_count = _whole("More messages than")
    flood_minutes = _whole("within, minutes")
    digest_minutes = _whole("A digest every, minutes")
    repeat_minutes = _whole("Say it again after, min")
    repeat_most = _whole("at most, times")

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        service: Service,
        zone: str,
        channel: AlertChannel | None = None,
    ) -> None:
        super().__init__(data, initial=_initial(channel, zone))
        self.service, self.channel = service, channel
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)
        zones.choices = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]
        for blank in service.blanks:
            self.fields[f"to_{blank.name}"] = _blank(blank, kept=channel is not None)
        for field in self.fields.values():
            field.widget.attrs["form"] = FORM_ID  # the page shows them in two columns, beside other forms
        self.targets = [self[f"to_{blank.name}"] for blank in service.blanks]

    def matrix(self) -> list[Loudness]:
        """What holds where nothing else is chosen, then each kind."""
        kinds = [(DEFAULT, "By default"), *Alert.Kind.choices]
        return [Loudness(kind=str(kind), label=str(label), chosen=self._loudness(str(kind))) for kind, label in kinds]

    def api_data(self) -> dict[str, Any]:
        """What was filled in, as the API takes it. Raises InvalidInput by the names of this form."""
        given = {name: str(self.data.get(name, "")).strip() for name in PLAIN}
        data: dict[str, Any] = {"name": given["name"], "time_zone": given["time_zone"]}
        data |= {name: given[name] or None for name in ("quiet_from", "quiet_until")}
        data |= {name: given[name] for name in NUMBERS if given[name]}
        if "repeat_minutes" not in data:
            data["repeat_minutes"] = "0"
        data["verbosity"] = {row.kind: row.chosen for row in self.matrix() if row.chosen}
        if self.channel is None:
            data["kind"] = self.service.kind
        typed = {blank.name: str(self.data.get(f"to_{blank.name}", "")) for blank in self.service.blanks}
        if self.channel is not None and not any(text.strip() for text in typed.values()):
            return data  # where it sends stays as it is
        try:
            return {**data, **target_of(self.service, typed)}
        except InvalidInput as error:
            raise InvalidInput({f"to_{name}": texts for name, texts in error.errors.items()}) from None

    def blame(self, error: InvalidInput) -> None:
        """Show each refusal on its field; what has none goes on top."""
        self.is_valid()
        for name, texts in error.errors.items():
            ours = f"to_{name}" if f"to_{name}" in self.fields else name
            if name == "target" and ours not in self.fields:
                ours = self.targets[0].name  # made of several fields: the first stands for them
            self.add_error(ours if ours in self.fields else None, texts)

    def _loudness(self, kind: str) -> str:
        fallback = AlertChannel.Verbosity.ON.value if kind == DEFAULT else ""
        if self.is_bound:
            return str(self.data.get(f"loud-{kind}", fallback))
        chosen = self.channel.verbosity.get(kind) if self.channel else None
        return str(chosen or fallback)


def _blank(blank: Blank, *, kept: bool) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false", "placeholder": blank.placeholder}
    if kept:
        attrs["placeholder"] = "leave empty to keep it as it is"
    widget = forms.PasswordInput(attrs | {"autocomplete": "new-password"}) if blank.secret else forms.TextInput(attrs)
    return forms.CharField(label=blank.label, required=False, help_text=blank.help, widget=widget)


def _initial(channel: AlertChannel | None, zone: str) -> dict[str, Any]:
    if channel is None:
        return {"time_zone": zone, "flood_count": 10, "flood_minutes": 10, "digest_minutes": 60, "repeat_most": 10,
                "repeat_minutes": 0}  # fmt: skip
    found: dict[str, Any] = {name: getattr(channel, name) for name in PLAIN}
    for name in ("quiet_from", "quiet_until"):
        found[name] = found[name] and f"{found[name]:%H:%M}"
    return {**found, "repeat_minutes": channel.repeat_minutes or 0}
