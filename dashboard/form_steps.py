"""The five steps of the rule form: which field belongs to which, and which of them need another look."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.action_form import ActionForm

# Sentences to begin with, each of another kind.
EXAMPLES = (
    "Sell half my Apple if it drops 8% from its high",
    "Buy $500 of SPY every Monday at 9:45am New York",
    "Take profit on IBM at 220 or stop at 190",
    "Tell me when Tesla moves 5% in a day",
)
FIELDS = {
    "what": ("action_type", "mode", "portfolio"),
    "target": (
        *("symbol", "size", "size_kind", "order_type", "limit_price", "limit_offset", "stop_price", "time_in_force"),
        *("message", "goal", "targets"),
    ),
    "trigger": ("trigger_type",),
    "limits": (
        *("max_executions", "cooldown_seconds", "valid_from", "valid_until", "missed_policy", "run_late_minutes"),
        *("group", "name", "notes"),
    ),
    "review": (),
}
TITLES = {
    "what": "What",
    "target": "On what",
    "trigger": "When",
    "limits": "Limits",
    "review": "Review",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step; `first` is the one the page opens with: the first that has an error, or the first of all."""

    name: str
    number: int
    title: str
    wrong: bool
    first: bool


def steps_of(form: ActionForm) -> dict[str, Step]:
    """The steps by name, with what is wrong marked."""
    wrong = {name: any(form.has_error(field) for field in fields) for name, fields in FIELDS.items()}
    kind = str(form["trigger_type"].value() or "")
    shown = form.triggers.get(kind)
    wrong["trigger"] |= bool(shown and shown.is_bound and shown.errors)
    wrong["trigger"] |= any(each.errors or each.params.errors for each in form.conditions if each.is_bound)
    begin = next((name for name, bad in wrong.items() if bad), "what")
    return {
        name: Step(name=name, number=number, title=TITLES[name], wrong=wrong[name], first=name == begin)
        for number, name in enumerate(FIELDS, 1)
    }
