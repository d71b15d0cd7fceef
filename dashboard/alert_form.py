"""The form of "tell me when …": what is typed becomes the `data` of the API, and refusals land on the fields."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from alerts.conditions.price import LEVELS
from alerts.conditions.risk import CONFIDENCES, OBSERVABLES, measure_of
from alerts.models import Alert, AlertConfig
from common.errors import InvalidInput
from common.money import plain

Choices = list[tuple[str, str]]
TYPES: Choices = [
    ("price", "a price reaches a level, or moves"),
    ("signal", "a strategy signals"),
    ("risk", "a portfolio's risk is too large"),
    ("rebalance", "a goal drifts out of its band"),
]
PRICE: Choices = [
    ("above", "is at or above"),
    ("below", "is at or below"),
    ("crosses", "crosses, whichever way"),
    ("change_pct", "moves by a percentage"),
]
DIRECTIONS: Choices = [("either", "either way"), ("up", "up"), ("down", "down")]
WINDOWS: Choices = [
    ("1d", "from the previous close"),
    ("session", "from today's open"),
    ("15m", "within 15 minutes"),
    ("1h", "within an hour"),
    ("4h", "within 4 hours"),
    ("5d", "within 5 sessions"),
    ("20d", "within 20 sessions"),
    ("since_armed", "from the price now"),
]
SIDES: Choices = [("any", "any change"), ("buy", "buy: it wants more"), ("sell", "sell: it wants less")]
RISKS: Choices = [
    ("drawdown_pct", "is below its peak by, %"),
    ("daily_loss_pct", "has lost today, %"),
    ("largest_weight_pct", "has one holding as large as, %"),
    ("hhi", "is as concentrated as (index 0 to 1)"),
    ("var_pct", "may lose in a day (value at risk), %"),
]
# The domain's names of fields -> ours.
SHOWN_AS = {
    **{f"condition.{key}": "price_level" for key in (*LEVELS, "change_pct")},
    **{f"condition.{key}": "risk_level" for key in OBSERVABLES},
    "condition.direction": "price_direction",
    "condition.window": "price_window",
    "condition.hysteresis": "price_back",
    "condition.confidence": "risk_confidence",
    "condition.strategy": "signal_strategy",
    "condition.side": "signal_side",
    "condition.goal": "rebalance_goal",
    "portfolio": "risk_portfolio",
    "cooldown_seconds": "quiet_minutes",
}


def _number(label: str, **attrs: str) -> forms.CharField:
    return forms.CharField(
        label=label, required=False, widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off", **attrs})
    )


def _choice(label: str, choices: Choices, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, **options)


class AlertForm(forms.Form):
    """Nothing is validated here: the domain does that."""

    use_required_attribute = False
    alert_type = _choice("Tell me when", TYPES)
    price_symbol = forms.CharField(
        label="Symbol",
        required=False,
        widget=forms.TextInput({"list": "symbols", "autocomplete": "off", "placeholder": "AAPL"}),
    )
    price_what = _choice("Its price", PRICE)
    price_level = _number("Level, $ or %", placeholder="200")
    price_direction = _choice("Which way", DIRECTIONS)
    price_window = _choice("Counted", WINDOWS)
    price_back = _number("Must come back by, $", placeholder="0")
    signal_strategy = _choice("Strategy", [])
    signal_side = _choice("Signal", SIDES)
    signal_symbol = forms.CharField(
        label="Only for the symbol",
        required=False,
        widget=forms.TextInput({"list": "symbols", "autocomplete": "off", "placeholder": "any of its symbols"}),
    )
    risk_portfolio = _choice("Portfolio", [])
    risk_measure = _choice("It", RISKS)
    risk_level = _number("Level", placeholder="10")
    risk_confidence = _choice("With a confidence of", [(c, f"{c} %") for c in CONFIDENCES])
    rebalance_goal = _choice("Goal", [])
    name = forms.CharField(label="Name", required=False, help_text="Optional: the sentence says what it does")
    severity = _choice("How urgent", [(Alert.Severity(value).value, text) for value, text in Alert.Severity.choices])
    repeats = _choice("How often", [("yes", "every time"), ("no", "once, then off")])
    quiet_minutes = _number("Pause after, minutes", placeholder="5")

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        subjects: Mapping[str, Choices],
        config: AlertConfig | None = None,
        given: Mapping[str, str] | None = None,
    ) -> None:
        """`subjects`: what there is to choose, by the field's name. `given`: what a link has filled in already."""
        super().__init__(data, initial={**initial_of(config), **(given or {})})
        for name, choices in subjects.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    def chosen(self, name: str) -> str:
        """The value of a field as it stands in its input."""
        value = self[name].value()
        if value in (None, "") and isinstance(self.fields[name], forms.ChoiceField):
            choices = list(self.fields[name].choices)  # type: ignore[attr-defined]
            return str(choices[0][0]) if choices else ""
        return str(value or "").strip()

    def api_data(self) -> dict[str, Any]:
        """What was filled in, as the API takes it. Raises InvalidInput for minutes that are none."""
        kind = self.chosen("alert_type")
        data: dict[str, Any] = {
            "alert_type": kind,
            "name": self.chosen("name"),
            "severity": self.chosen("severity"),
            "repeats": self.chosen("repeats") != "no",
            "cooldown_seconds": self._seconds(),
            "condition": getattr(self, f"_{kind}", dict)(),
        }
        if kind == "risk" and self.chosen("risk_portfolio"):
            data["portfolio"] = self.chosen("risk_portfolio")
        return data

    def blame(self, error: InvalidInput) -> None:
        """Show each refusal on its field; what has none goes on top."""
        self.is_valid()
        kind = self.chosen("alert_type")
        for name, texts in error.errors.items():
            ours = f"{kind}_symbol" if name == "condition.symbol" else SHOWN_AS.get(name, name)
            if ours.endswith("_level") and not self.chosen(ours):
                texts = ["is required: a number such as 200"]  # the domain names all keys it would take
            self.add_error(ours if ours in self.fields else None, texts)

    def _seconds(self) -> int:
        text = self.chosen("quiet_minutes") or "5"
        try:
            minutes = Decimal(text)
            if not minutes.is_finite() or not 0 <= minutes <= 44_640:
                raise InvalidOperation
        except InvalidOperation:
            raise InvalidInput(
                {"quiet_minutes": f"{text[:40]!r} is not a number of minutes from 0 to 44,640 (31 days)."}
            ) from None
        return int(minutes * 60)

    def _price(self) -> dict[str, str]:
        what = self.chosen("price_what")
        found = {"symbol": self.chosen("price_symbol"), what: self.chosen("price_level")}
        if what == "change_pct":
            found |= {"direction": self.chosen("price_direction"), "window": self.chosen("price_window")}
        elif what in ("above", "below"):
            found["hysteresis"] = self.chosen("price_back")
        return found

    def _signal(self) -> dict[str, str]:
        return {name: self.chosen(f"signal_{name}") for name in ("strategy", "side", "symbol")}

    def _risk(self) -> dict[str, str]:
        measure = self.chosen("risk_measure")
        confidence = {"confidence": self.chosen("risk_confidence")} if measure == "var_pct" else {}
        return {measure: self.chosen("risk_level"), **confidence}

    def _rebalance(self) -> dict[str, str]:
        return {"goal": self.chosen("rebalance_goal")}


def initial_of(config: AlertConfig | None) -> dict[str, Any]:
    """A config as it stands in the form."""
    if config is None:
        return {}
    condition, kind = config.condition, config.alert_type
    found: dict[str, Any] = {
        "alert_type": kind,
        "name": config.name,
        "severity": config.severity,
        "repeats": "yes" if config.repeats else "no",
        "quiet_minutes": plain(Decimal(config.cooldown_seconds) / 60) if config.cooldown_seconds else "0",
    }
    if kind == "price":
        what = next(key for key in (*LEVELS, "change_pct") if key in condition)
        found |= {"price_symbol": condition["symbol"], "price_what": what, "price_level": condition[what]}
        found |= {f"price_{key}": condition[key] for key in ("direction", "window") if key in condition}
        found["price_back"] = condition.get("hysteresis", "")
    elif kind == "signal":
        found |= {f"signal_{key}": condition.get(key, "") for key in ("strategy", "side", "symbol")}
    elif kind == "risk":
        measure = measure_of(condition)
        found |= {"risk_measure": measure, "risk_level": condition[measure], "risk_portfolio": str(config.subject)}
        found["risk_confidence"] = condition.get("confidence", "")
    else:
        found["rebalance_goal"] = condition["goal"]
    return found
