"""The form of a strategy: what is typed becomes the `data` of the API, and refusals land on the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from automation.strategies.bar_clock import TIMEFRAMES
from automation.strategies.base import Strategy as Kind
from automation.strategies.drafting import symbols_of
from automation.strategies.models import Strategy, StrategyMode
from automation.strategies.sizing import DEFAULT, SIZINGS
from dashboard.clock_form import CRON_HELP, STRATEGY_TIMES, chosen, common_field, initial_times, own_field, zone_field
from dashboard.schema_forms import Blamed, SchemaForm, typed
from dashboard.trigger_forms import choice
from portfolios.models import Portfolio

BARS = {
    "1d": "Daily", "4h": "4 hours", "1h": "1 hour", "30m": "30 minutes", "15m": "15 minutes", "5m": "5 minutes",
    "1m": "1 minute",
}  # fmt: skip
SIZING_WORDS = {
    "fixed_fraction": ("A fixed part of the equity", "Every position has the same size."),
    "percent_risk": (
        "So that a fall costs so much",
        "Smaller where prices swing more: a fall by so many average true ranges loses the part you choose.",
    ),
    "volatility_target": (
        "So that it swings so much",
        "Smaller where prices swing more: each position adds the same swing to the portfolio.",
    ),
    "kelly": (
        "A part of Kelly's fraction",
        "Larger where rises outweighed falls. It leans on the past it is measured on; the cap holds it.",
    ),
}
MODES = [
    (StrategyMode.MONITOR.value, "Monitor: only record"),
    (StrategyMode.ALERT.value, "Alert: record, and tell me"),
]


class StrategyForm(Blamed, forms.Form):
    """Which symbols, how large, when. What the kind asks for is in `params`, a size's numbers in `sizes`."""

    use_required_attribute = False
    name = forms.CharField(label="Name", required=False, help_text="Empty: its kind and symbols")
    symbols = forms.CharField(
        label="Symbols",
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "AAPL, MSFT", "list": "symbols"}),
    )
    portfolio = forms.ModelChoiceField(
        label="Portfolio", queryset=Portfolio.objects.none(), required=False, empty_label=None
    )
    timeframe = choice("Bars", [(key, BARS.get(key, key)) for key in TIMEFRAMES])
    mode = choice("Mode", MODES)
    sizing_kind = choice("How large is a position", [(k, SIZING_WORDS.get(k, (k, ""))[0]) for k in SIZINGS])
    common = common_field(STRATEGY_TIMES)
    own = own_field(CRON_HELP)
    timezone = zone_field()
    notes = forms.CharField(label="Notes", required=False, widget=forms.Textarea({"rows": 2}))
    override = forms.CharField(
        label="Your reason", required=False, max_length=300, help_text="Kept in the safety log; at least 10 characters"
    )

    def __init__(
        self,
        kind: Kind,
        data: Mapping[str, Any] | None,
        *,
        portfolios: list[Portfolio],
        strategy: Strategy | None = None,
    ) -> None:
        super().__init__(data, initial=initial_of(strategy, portfolios))
        self.kind, self.strategy = kind, strategy
        field = self.fields["portfolio"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Portfolio.objects.filter(pk__in=[one.pk for one in portfolios])
        least, most = kind.least_symbols, kind.most_symbols
        self.fields["symbols"].help_text = "Separated by commas. " + _count(least, most)
        if strategy:
            del self.fields["mode"]
        self.params = SchemaForm(kind.schema, data, strategy.params if strategy else {}, prefix="param")
        sizing = strategy.sizing if strategy else DEFAULT
        self.sizes = {
            key: SchemaForm(schema, data, sizing if sizing["kind"] == key else {}, prefix=f"size-{key}")
            for key, schema in SIZINGS.items()
        }

    @property
    def sizings(self) -> list[tuple[str, str, SchemaForm]]:
        """(key, what it means, its numbers)."""
        return [(key, SIZING_WORDS.get(key, ("", ""))[1], form) for key, form in self.sizes.items()]

    @property
    def sizing_now(self) -> str:
        return str(self["sizing_kind"].value() or DEFAULT["kind"])

    def as_data(self) -> dict[str, Any]:
        """The API's fields. Raises InvalidInput."""
        given = typed(self)
        key = given["sizing_kind"] or DEFAULT["kind"]
        data: dict[str, Any] = {
            "strategy_type": self.kind.key,
            "params": self.params.given(),
            "symbols": [word.strip() for word in given["symbols"].split(",") if word.strip()] or None,
            "timeframe": given["timeframe"] or "1d",
            "sizing": {"kind": key, **self.sizes[key].given()},
            "cron": chosen(given["common"], given["own"]),
            "timezone": given["timezone"] or "America/New_York",
            "name": given["name"],
            "notes": given["notes"],
        }
        if given["portfolio"]:
            data["portfolio"] = str(given["portfolio"].pk)
        if not self.strategy:
            data["mode"] = given["mode"] or StrategyMode.MONITOR.value
        elif given["override"] and self.strategy.mode == StrategyMode.AUTO_TRADE:
            data |= {"override": given["override"], "mode": self.strategy.mode}
        return data

    def place_of(self, path: str) -> tuple[forms.Form, str | None]:
        head, _, rest = path.removeprefix("strategy.").partition(".")
        if head == "params" and rest in self.params.fields:
            return self.params, rest
        if head == "sizing":
            size = self.sizes[self.sizing_now if self.sizing_now in self.sizes else DEFAULT["kind"]]
            return (size, rest) if rest in size.fields else (self, "sizing_kind")
        if head == "cron":
            return self, "own"
        return self, head if head in self.fields else None


def initial_of(strategy: Strategy | None, portfolios: list[Portfolio]) -> dict[str, Any]:
    """What the form shows at first."""
    if strategy is None:
        primary = next((one.pk for one in portfolios if one.primary), None)
        return {
            "timeframe": "1d", "mode": StrategyMode.MONITOR.value, "sizing_kind": DEFAULT["kind"],
            "timezone": "America/New_York", "portfolio": primary, "common": "",
        }  # fmt: skip
    return {
        **{name: getattr(strategy, name) for name in ("name", "timeframe", "timezone", "notes")},
        "symbols": ", ".join(symbols_of(strategy)),
        "portfolio": strategy.portfolio_id,
        "sizing_kind": strategy.sizing["kind"],
        **initial_times(STRATEGY_TIMES, strategy.cron),
    }


def _count(least: int, most: int | None) -> str:
    if least == most:
        return f"Exactly {least}"
    return f"{least} or more" if most is None else f"{least} to {most}"
