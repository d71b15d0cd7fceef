"""The form of the limits: every one as text, and which of them were changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms

from accounts.models import User
from common.errors import InvalidInput
from common.money import plain
from dashboard.selectors.safety import limits_of, unit_of
from dashboard.selectors.safety_desk import GROUPS
from orders.what_if import what_if
from portfolios.models import Portfolio
from safety.limits import FIELDS, flag, symbols
from safety.types import PolicyView

# Limits people try out by moving them; the rest is typed.
SLIDING = ("_pct", "max_daily_trades", "max_open_orders", "agent_daily_orders", "orders_per_minute")
TOPS = (5, 20, 50, 100, 200, 1000)
YES_NO = [("yes", "yes"), ("no", "no")]


class LimitsForm(forms.Form):
    """One input per limit, filled with what holds. The domain reads the values and says what cannot be used."""

    use_required_attribute = False
    current_password = forms.CharField(
        label="Your password",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Only when a limit gets looser. Tightening acts at once.",
    )

    def __init__(self, policy: PolicyView, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.policy = policy
        for limit in limits_of(policy):
            unit = unit_of(limit.field)
            self.fields[limit.field] = _field(
                limit.field,
                label=f"{limit.name}, {unit}" if unit else limit.name,
                help_text=limit.meaning,
                initial=as_text(getattr(policy, limit.field)),
            )
            self.fields[limit.field].holds = limit.value  # type: ignore[attr-defined]
            self.fields[limit.field].slides = _slide(limit.field, getattr(policy, limit.field))  # type: ignore[attr-defined]
        self.order_fields([*FIELDS, "current_password"])

    @property
    def limits(self) -> list[forms.BoundField]:
        """The inputs without the password."""
        return [self[name] for name in FIELDS]

    @property
    def groups(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """The same by what they are about."""
        listed = [name for _, _, names in GROUPS for name in names]
        rest = [self[name] for name in FIELDS if name not in listed]
        groups = [(title, words, [self[name] for name in names if name in FIELDS]) for title, words, names in GROUPS]
        return [*groups, ("More", "", rest)] if rest else groups

    def changes(self) -> dict[str, Any]:
        """What differs from the limits in force, as the domain takes it."""
        given = {name: str(self.data[name]).strip() for name in FIELDS if name in self.data}
        return {name: _value(name, text) for name, text in given.items() if text != as_text(getattr(self.policy, name))}

    def refuse(self, error: InvalidInput) -> None:
        """Put the domain's refusals beside the inputs."""
        self.is_valid()
        for name, texts in error.errors.items():
            self.add_error(name if name in self.fields else None, texts)


def as_text(value: Any) -> str:
    """A limit as it stands in its input."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    if isinstance(value, (tuple, list)):
        return ", ".join(value)
    return str(value) if isinstance(value, int) else plain(value)


def what_if_context(user: User, form: LimitsForm, portfolio: Portfolio | None, *, now: datetime) -> dict[str, Any]:
    """The answer, or what could not be used as (label, text)."""
    changes = form.changes()
    if not changes:
        return {"nothing": True}
    try:
        answer = what_if(user=user, changes=changes, now=now, portfolio=portfolio)
    except InvalidInput as error:
        labels = {name: field.label or name for name, field in form.fields.items()}
        return {"wrong": [(labels.get(name, name), " ".join(texts)) for name, texts in error.errors.items()]}
    loosened = [form.fields[name].label for name in answer.loosened]
    return {"answer": answer, "loosened": loosened}


def _slide(name: str, value: Any) -> dict[str, str] | None:
    """The ends and the step of a slider, around what holds; None for what is not a number in force."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)) or not name.endswith(SLIDING):
        return None
    for top in TOPS:
        if value < top:
            step = "1" if isinstance(value, int) else plain(Decimal(top) / 200)
            return {"min": "0", "max": str(top), "step": step, "value": as_text(value)}
    return None


def _field(name: str, **options: Any) -> forms.Field:
    if FIELDS[name].read is flag:
        return forms.ChoiceField(choices=YES_NO, required=False, **options)
    return forms.CharField(required=False, **options)


def _value(name: str, text: str) -> Any:
    """What was typed, as the API would have it; an empty text is "off" where a limit can be off."""
    read = FIELDS[name].read
    if read is flag:
        return text == "yes"
    if read is symbols:
        return [symbol for symbol in text.replace(",", " ").split() if symbol]
    return text or None
