"""The forms of the settings. Secrets are written and never filled in again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms

from accounts.models import ApiToken, User
from common.errors import InvalidInput

LIVES = [("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "until it is revoked")]
SCOPES = [
    (ApiToken.Scope.READ.value, "Read: look at everything, change nothing"),
    (ApiToken.Scope.TRADE.value, "Trade: make and change rules and orders, always through the safety gate"),
    (ApiToken.Scope.APPROVE.value, "Approve: answer for you when an order waits for a person"),
    (ApiToken.Scope.ADMIN.value, "Admin: change limits, switches, keys and channels"),
]


def _secret(label: str, help_text: str = "", *, autocomplete: str = "off") -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": autocomplete, "spellcheck": "false"})
    return forms.CharField(label=label, required=False, help_text=help_text, widget=widget, strip=False)


class Blamed(forms.Form):
    """A form whose refusals come from the domain."""

    use_required_attribute = False

    def blame(self, error: InvalidInput) -> None:
        """Show each refusal on its field; what has none goes on top."""
        self.is_valid()
        for name, texts in error.errors.items():
            self.add_error(name if name in self.fields else None, texts)

    def typed(self) -> dict[str, str]:
        """What was filled in."""
        return {name: str(self.data.get(name, "")) for name in self.fields}


class ProfileForm(Blamed):
    """Who you are, and on which clock times are shown."""

    name = forms.CharField(label="Name", required=False, help_text="Shown instead of your username")
    email = forms.CharField(label="E-mail", required=False, widget=forms.EmailInput({"autocomplete": "email"}))
    time_zone = forms.ChoiceField(
        label="Time zone", required=False, choices=[], help_text="All times on these pages are on this clock"
    )

    def __init__(self, data: Mapping[str, Any] | None, *, user: User) -> None:
        initial = {"name": user.first_name, "email": user.email, "time_zone": user.time_zone}
        super().__init__(data, initial=initial)
        zones = self.fields["time_zone"]
        assert isinstance(zones, forms.ChoiceField)
        zones.choices = [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class PasswordForm(Blamed):
    """The old one, and the new one twice."""

    current_password = _secret("Your password now", autocomplete="current-password")
    new_password = _secret("New password", "At least 8 characters, not a common one", autocomplete="new-password")
    again = _secret("New password again", autocomplete="new-password")


class ElsewhereForm(Blamed):
    """Your password, to sign out everywhere else."""

    current_password = _secret("Your password", autocomplete="current-password")

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="elsewhere_%s")


class KeyForm(Blamed):
    """A key of a provider."""

    secret = _secret("Key", autocomplete="new-password")


class BrokerKeysForm(Blamed):
    """Alpaca's two keys, which belong together."""

    key = _secret("Key ID", autocomplete="new-password")
    secret = _secret("Secret key", autocomplete="new-password")


class TokenForm(Blamed):
    """A personal token."""

    name = forms.CharField(
        label="What is it for?", required=False, widget=forms.TextInput({"placeholder": "my notebook"})
    )
    scopes = forms.MultipleChoiceField(
        label="What may it do?", choices=SCOPES, required=False, widget=forms.CheckboxSelectMultiple, initial=["read"]
    )
    lives = forms.ChoiceField(label="How long is it good?", choices=LIVES, required=False, initial="90")

    def expiry(self, now: datetime) -> datetime | None:
        """When it ends; None: never."""
        days = str(self.data.get("lives", "90"))
        if days not in dict(LIVES):
            raise InvalidInput({"lives": f"{days[:20]!r} is not one of the choices."})
        return now + timedelta(days=int(days)) if days else None

    def wanted(self) -> list[str]:
        """The scopes that were ticked."""
        getlist = getattr(self.data, "getlist", None)
        return list(getlist("scopes")) if getlist else list(self.data.get("scopes", []))
