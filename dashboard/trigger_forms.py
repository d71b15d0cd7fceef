"""The trigger part of the action form: one small form per trigger type.

Adding a trigger type: a form here, a line in TRIGGER_FORMS. Nothing is validated here: the domain does that, and its
error on `trigger_params.<key>` lands on the field of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from automation.triggers.lasting import FOR_SECONDS

TIMEFRAMES = [
    ("1d", "1 day"),
    ("1h", "1 hour"),
    ("30m", "30 minutes"),
    ("15m", "15 minutes"),
    ("5m", "5 minutes"),
    ("1m", "1 minute"),
]
RARE = (FOR_SECONDS, "hysteresis", "activation_price")
DAYS = [("mon", "Mon"), ("tue", "Tue"), ("wed", "Wed"), ("thu", "Thu"), ("fri", "Fri"), ("sat", "Sat"), ("sun", "Sun")]


def number(label: str, help_text: str = "", **attrs: str) -> forms.CharField:
    """A decimal as text: the domain parses it, so that 0.1 stays 0.1."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", **attrs})
    return forms.CharField(label=label, required=False, help_text=help_text, widget=widget)


def choice(label: str, choices: list[tuple[str, str]], help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, help_text=help_text)


class TriggerForm(forms.Form):
    """Base. `hint` says in one line when it fires, `state` what it asks as a condition; `lasts`: may have to hold."""

    title = ""
    hint = ""
    state = ""
    lasts = True
    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.lasts:  # here and not as a class attribute: it belongs below the fields of its kind
            self.fields[FOR_SECONDS] = number(
                "Must stay so for, seconds", "Empty: fires as soon as it is so", inputmode="numeric"
            )

    @property
    def main(self) -> list[forms.BoundField]:
        """The fields most rules need."""
        return [field for field in self if field.name not in RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """The fields few rules need."""
        return [field for field in self if field.name in RARE]

    @property
    def rare_used(self) -> bool:
        """Whether one of those says something, or needs another look."""
        return any(field.errors or field.value() for field in self.rare)

    def params(self) -> dict[str, Any]:
        """What was filled in, as `trigger_params`; empty fields are left out."""
        self.full_clean()
        return {key: value for key, value in self.cleaned_data.items() if value not in ("", None, [])}


class LevelForm(TriggerForm):
    threshold = number("Price, $", "", placeholder="190.00")
    edge = choice("Fires when", [("level", "at it, or past it"), ("cross", "crossing it")])
    hysteresis = number("Come back by, $", "After firing, the price must come back this far before it can fire again")


class PriceBelow(LevelForm):
    title = "Price falls to"
    state = "the price is at or below"
    hint = "Fires when the last trade is at or below the price."


class PriceAbove(LevelForm):
    title = "Price rises to"
    state = "the price is at or above"
    hint = "Fires when the last trade is at or above the price."


class ChangePct(TriggerForm):
    title = "Price changes by percent"
    state = "the price has changed by"
    hint = "Fires when the change from the base reaches the percentage."
    change = number("Change, %", placeholder="5")
    direction = choice("Direction", [("down", "Down"), ("up", "Up"), ("either", "Either way")])
    window = forms.CharField(
        label="Compared with",
        required=False,
        initial="1d",
        help_text="1d: the last close · session: today's open · 15m 1h 4h 5d: that long ago · since_armed: now",
        widget=forms.TextInput(attrs={"list": "windows", "autocomplete": "off"}),
    )


class TrailingStop(TriggerForm):
    title = "Trailing stop"
    hint = "Follows the best price since it was armed; fires when the price has come back by the trail."
    percent = number("Trail, %", "Give a percentage or dollars", placeholder="8")
    amount = number("or trail, $", placeholder="12.50")
    activation_price = number("Start following at, $", "Empty: at once")
    side = choice("Protects", [("long", "shares you hold (long)"), ("short", "a short position")])


class TimeOfDay(TriggerForm):
    title = "Time of day"
    lasts = False
    hint = "Fires at that time on the chosen days."
    time = forms.CharField(
        label="Time",
        required=False,
        help_text="HH:MM, or on the exchange clock: open, open+5m, close-10m",
        widget=forms.TextInput(attrs={"placeholder": "09:45", "autocomplete": "off"}),
    )
    timezone = forms.CharField(label="Time zone", required=False, initial="America/New_York")
    days = forms.MultipleChoiceField(
        label="Days", choices=DAYS, required=False, widget=forms.CheckboxSelectMultiple, help_text="None: every day"
    )
    trading_days_only = forms.BooleanField(label="Trading days only", required=False, initial=True)


class MaCross(TriggerForm):
    title = "Moving averages cross"
    state = "the short average is beyond the long one"
    hint = "Fires when the short average crosses the long one."
    short = number("Short average, bars", placeholder="50", inputmode="numeric")
    long = number("Long average, bars", placeholder="200", inputmode="numeric")
    kind = choice("Kind", [("sma", "Simple (SMA)"), ("ema", "Exponential (EMA)")])
    timeframe = choice("Bars of", TIMEFRAMES)
    direction = choice("Direction", [("up", "Up (golden cross)"), ("down", "Down (death cross)"), ("either", "Either")])
    on = choice("Judged", [("close", "when a bar closes"), ("live", "live, within the bar")])


class VolumeAbove(TriggerForm):
    title = "Volume reaches"
    state = "the volume has reached"
    hint = "Fires when the session's volume reaches the number of shares, or a multiple of its average."
    threshold = number("Shares", "Give shares or a multiple", placeholder="5000000")
    multiple = number("or multiple of the average", placeholder="2")
    average_days = number("Average over, days", placeholder="20", inputmode="numeric")
    window = choice("Volume of", [("session", "the session so far"), ("bar", "one minute")])


class RsiForm(TriggerForm):
    threshold = number("RSI, 0 to 100", "", placeholder="30")
    period = number("Period, bars", "Ten times as many closed bars are needed", placeholder="14", inputmode="numeric")
    timeframe = choice("Bars of", TIMEFRAMES)


class RsiBelow(RsiForm):
    title = "RSI falls to"
    state = "the RSI is at or below"
    hint = "Fires when a bar closes with the relative strength index at or below the value: oversold."


class RsiAbove(RsiForm):
    title = "RSI rises to"
    state = "the RSI is at or above"
    hint = "Fires when a bar closes with the relative strength index at or above the value: overbought."


class DrawdownAbove(TriggerForm):
    title = "Portfolio falls from its peak"
    state = "the portfolio is below its peak by"
    hint = "Fires when the rule's portfolio is worth so much less than at its best. Judged once a minute."
    percent = number("Below its peak, %", placeholder="10")


class DriftAbove(TriggerForm):
    title = "A goal drifts out of its band"
    hint = "Fires when the goal needs rebalancing. Judged once a minute; again only after it came back inside."
    goal = choice("Goal", [])  # the action form offers the user's goals


class Cron(TriggerForm):
    title = "Again and again (cron)"
    lasts = False
    hint = "Fires at the times of a cron expression: minute, hour, day of month, month, day of week."
    expression = forms.CharField(
        label="Expression",
        required=False,
        help_text="30 9 * * MON: every Monday at 09:30 · 0 10 1 * *: on the 1st of every month at 10:00",
        widget=forms.TextInput(attrs={"placeholder": "30 9 * * MON", "autocomplete": "off"}),
    )
    timezone = forms.CharField(label="Time zone", required=False, initial="America/New_York")
    trading_days_only = forms.BooleanField(label="Trading days only", required=False)


class Webhook(TriggerForm):
    title = "A webhook is called"
    lasts = False
    hint = "Fires when another program, such as a TradingView alert, calls the rule's own secret address."
    contains = forms.CharField(
        label="The call contains",
        required=False,
        help_text="Empty: any call. The address is made on the rule's page once it is saved",
        widget=forms.TextInput(attrs={"placeholder": "buy", "autocomplete": "off"}),
    )


class SignalForm(TriggerForm):
    title = "A strategy signals"
    hint = "Fires when the strategy begins to signal the side for this symbol, at the close of a bar."
    strategy = forms.CharField(label="Strategy", required=False, help_text="The id of one of your strategies")
    side = choice("Side", [("long", "Long"), ("flat", "Flat"), ("short", "Short")])


TRIGGER_FORMS: dict[str, type[TriggerForm]] = {
    "price_below": PriceBelow,
    "price_above": PriceAbove,
    "change_pct": ChangePct,
    "trailing_stop": TrailingStop,
    "time_of_day": TimeOfDay,
    "ma_cross": MaCross,
    "volume_above": VolumeAbove,
    "rsi_below": RsiBelow,
    "rsi_above": RsiAbove,
    "drawdown_above": DrawdownAbove,
    "drift_above": DriftAbove,
    "cron": Cron,
    "webhook": Webhook,
    "signal": SignalForm,
}


def trigger_forms(
    data: Mapping[str, Any] | None, chosen: str = "", params: Mapping[str, Any] | None = None
) -> dict[str, TriggerForm]:
    """Every trigger form, each under its own prefix, so that switching back and forth loses nothing typed."""
    return {
        kind: form(data, prefix=kind, initial=dict(params or {}) if kind == chosen else None)
        for kind, form in TRIGGER_FORMS.items()
    }
