"""The action form: what is typed becomes the `data` of the API, and the domain's refusals land on the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from automation.models import Action, ActionType, MissedPolicy, Mode
from common.errors import InvalidInput
from common.money import plain
from dashboard.condition_forms import ConditionForm, condition_forms
from dashboard.rebalance_fields import EXAMPLE, NO_GOAL, OWN, goal_choices, initial_rebalance, rebalance_data
from dashboard.trigger_forms import TRIGGER_FORMS, number, trigger_forms
from orders.models import OrderType, TimeInForce
from portfolios.models import Portfolio

SIZES = [
    ("quantity", "shares"),
    ("amount_usd", "dollars"),
    ("percent_of_position", "% of the position (sell)"),
    ("percent_of_equity", "% of the portfolio (buy)"),
]
SIZE_FIELDS = [name for name, _ in SIZES]
# Where the domain's name of a field differs from ours.
SHOWN_AS = {**dict.fromkeys(SIZE_FIELDS, "size"), "instrument": "symbol", "trigger_params": "trigger_type"}
ALWAYS = ("name", "action_type", "mode", "symbol", "trigger_type", "valid_from", "valid_until", "notes", "group")
SAME_NAME = (
    *("name", "action_type", "mode", "order_type", "time_in_force", "message", "notes", "trigger_type", "group"),
    *("missed_policy", "run_late_minutes"),
)
LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT)
# Which order types use which number.
ORDER_NUMBERS = {
    "limit_price": LIMITED,
    "limit_offset": LIMITED,
    "stop_price": (OrderType.STOP, OrderType.STOP_LIMIT),
}


class ActionForm(forms.Form):
    """One page: what, how much, when, within which limits. Nothing is validated here but the form of dates."""

    use_required_attribute = False
    action_type = forms.ChoiceField(
        label="Do",
        choices=[
            (ActionType.BUY, "Buy"),
            (ActionType.SELL, "Sell"),
            (ActionType.REBALANCE, "Rebalance"),
            (ActionType.NOTIFY, "Tell me"),
        ],
        required=False,
        widget=forms.RadioSelect,
    )
    mode = forms.ChoiceField(
        label="Mode",
        choices=[
            (Mode.AUTO, "Automatic, through the safety gate"),
            (Mode.NOTIFY, "Tell me, do nothing"),
            (Mode.MONITOR, "Only record it"),
        ],
        required=False,
    )
    name = forms.CharField(label="Name", required=False, help_text="Optional: the rule always shows its sentence, too")
    portfolio = forms.ModelChoiceField(
        label="Portfolio", queryset=Portfolio.objects.none(), required=False, empty_label=None
    )
    symbol = forms.CharField(
        label="Symbol",
        required=False,
        widget=forms.TextInput(attrs={"list": "symbols", "autocomplete": "off", "placeholder": "AAPL"}),
    )
    size = number("How much", placeholder="10")
    size_kind = forms.ChoiceField(label="Counted in", choices=SIZES, required=False)
    order_type = forms.ChoiceField(label="Order type", choices=OrderType.choices, required=False)
    limit_price = number("Limit price, $", "A fixed limit, or an offset from the price at firing")
    limit_offset = number("or limit offset, $", "+0.10 pays up to 10 cents more than the price at firing")
    stop_price = number("Stop price, $")
    time_in_force = forms.ChoiceField(label="Time in force", choices=TimeInForce.choices, required=False)
    message = forms.CharField(
        label="Message", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What the alert says",
    )  # fmt: skip
    goal = forms.ChoiceField(
        label="Rebalance to", required=False, help_text="Everything goes to its target, whatever its band"
    )
    targets = forms.CharField(
        label="Its own weights, %",
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "placeholder": EXAMPLE}),
        help_text="Only for “weights of its own”; together 100",
    )
    trigger_type = forms.ChoiceField(
        label="When", choices=[(kind, form.title) for kind, form in TRIGGER_FORMS.items()], required=False
    )
    max_executions = number("How often at most", "Empty: no limit", inputmode="numeric")
    cooldown_seconds = number("Wait between firings, seconds", inputmode="numeric")
    valid_from = forms.DateTimeField(
        label="Not before", required=False, widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )
    valid_until = forms.DateTimeField(
        label="Until", required=False, widget=forms.DateTimeInput({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")
    )
    missed_policy = forms.ChoiceField(
        label="If its time was missed",
        choices=MissedPolicy.choices,
        required=False,
        help_text="For rules on a clock: what to do about a time that passed while Puffling was not running",
    )
    run_late_minutes = number("At most so late, minutes", "For “Run it late”; empty: 60", inputmode="numeric")
    group = forms.CharField(
        label="One cancels the other",
        required=False,
        widget=forms.TextInput({"list": "groups", "autocomplete": "off"}),
        help_text="Rules with the same name here are a group: once one of them has done its work, the others end",
    )
    notes = forms.CharField(label="Notes", required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(
        self, data: Mapping[str, Any] | None, *, portfolios: list[Portfolio], action: Action | None = None
    ) -> None:
        super().__init__(data, initial=initial_of(action))
        self.portfolios = portfolios
        field = self.fields["portfolio"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Portfolio.objects.filter(pk__in=[portfolio.pk for portfolio in portfolios])
        kind = action.trigger_type if action else ""
        self.triggers = trigger_forms(data, kind, action.trigger_params if action else None)
        self._offer_goals(goal_choices(portfolios))
        self.conditions: list[ConditionForm] = condition_forms(data, action.conditions if action else None)

    def _offer_goals(self, goals: list[tuple[str, str]]) -> None:
        """The user's goals where one is asked for: by REBALANCE, and by the trigger about drift."""
        offers = {self: [*goals, (OWN, "weights of its own")], self.triggers["drift_above"]: goals or [NO_GOAL]}
        for form, choices in offers.items():
            field = form.fields["goal"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def as_data(self) -> dict[str, Any]:
        """The API's field names and values. Raises InvalidInput for what cannot even be read (a date).

        What the page hides is left out: a limit price typed before the order became a market order was given up.
        """
        if not self.is_valid():
            raise InvalidInput({field: [str(text) for text in texts] for field, texts in self.errors.items()})
        typed = self.cleaned_data
        data: dict[str, Any] = {field: typed[field] for field in ALWAYS} | dict.fromkeys((*SIZE_FIELDS, *ORDER_NUMBERS))
        if typed["action_type"] in (ActionType.NOTIFY, ActionType.REBALANCE):
            data["message"] = typed["message"] if typed["action_type"] == ActionType.NOTIFY else ""
        else:
            data["message"] = ""
            data |= {field: typed[field] for field in ("order_type", "time_in_force") if typed[field]}
            data |= {
                field: typed[field] or None for field, types in ORDER_NUMBERS.items() if typed["order_type"] in types
            }
            data[typed["size_kind"] or "quantity"] = typed["size"] or None
        chosen = self.triggers.get(typed["trigger_type"])
        data |= {"goal": None, "targets": None}
        if typed["action_type"] == ActionType.REBALANCE:
            data |= rebalance_data(typed)
        data["trigger_params"] = chosen.params() if chosen else {}
        data["conditions"] = [condition.as_data() for condition in self.conditions]
        data["max_executions"] = typed["max_executions"] or None
        data["cooldown_seconds"] = typed["cooldown_seconds"] or 0
        data["missed_policy"] = typed["missed_policy"] or MissedPolicy.SKIP
        late = data["missed_policy"] == MissedPolicy.RUN_LATE
        data["run_late_minutes"] = (typed["run_late_minutes"] or None) if late else None
        if typed["portfolio"]:
            data["portfolio"] = str(typed["portfolio"].pk)
        return data

    def place_of(self, path: str) -> tuple[forms.Form, str | None]:
        """The form and field that show the domain's `path`; (this form, None) if none does."""
        head, _, rest = path.partition(".")
        key = rest.partition(".")[0]
        chosen = self.triggers.get(str(self.data.get("trigger_type", "")))
        if head == "trigger_params" and chosen and key in chosen.fields:
            return chosen, key
        if head == "conditions" and key.isdigit():
            return self.conditions[int(key)].place_of(path)
        field = SHOWN_AS.get(head, head)
        return self, field if field in self.fields else None

    def label_of(self, path: str) -> str:
        """What the page calls the domain's `path`."""
        form, field = self.place_of(path)
        return str(form.fields[field].label) if field else path.replace("_", " ")

    def blame(self, error: InvalidInput) -> None:
        """Show each refusal on the field it is about; what has no field goes on top."""
        for path, texts in error.errors.items():
            form, field = self.place_of(path)
            if field is None:
                form.add_error(None, [f"{path}: {text}" for text in texts])
            elif not form.has_error(field):
                form.add_error(field, texts)


def initial_of(action: Action | None) -> dict[str, Any]:
    """What the form shows at first: sensible beginnings, or the rule being edited."""
    if action is None:
        return {
            "action_type": ActionType.BUY,
            "mode": Mode.AUTO,
            "max_executions": "1",
            "cooldown_seconds": "0",
            "trigger_type": "price_below",
        }
    size_kind = next((name for name in SIZE_FIELDS if getattr(action, name) is not None), "quantity")
    size = getattr(action, size_kind)
    return {
        **{field: getattr(action, field) for field in SAME_NAME},
        **{field: plain(value) for field in ORDER_NUMBERS if (value := getattr(action, field)) is not None},
        "symbol": action.instrument_id or "",
        **initial_rebalance(action),
        "portfolio": action.portfolio_id,
        "size": "" if size is None else plain(size),
        "size_kind": size_kind,
        "max_executions": "" if action.max_executions is None else str(action.max_executions),
        "cooldown_seconds": str(action.cooldown_seconds),
        "valid_from": action.valid_from,
        "valid_until": action.valid_until,
    }
