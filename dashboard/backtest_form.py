"""The form of a backtest: period, cash, costs, a benchmark, values to try."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from automation.backtest.subjects import NUMBERS, SIZING, Subject
from automation.strategies.registry import STRATEGIES
from dashboard.replay_form import day
from dashboard.schema_forms import Blamed, typed
from dashboard.trigger_forms import choice, number

APPROVALS = [("approve", "count them as approved at once"), ("block", "count them as refused")]
GRIDS = (1, 2)


class BacktestForm(Blamed, forms.Form):
    """What the domain reads; it says what is wrong, and the error lands on the field."""

    use_required_attribute = False
    symbols = forms.CharField(
        label="Symbols", required=False, help_text="Others than its own: the strategy itself is not changed"
    )
    start = day("From")
    end = day("To")
    cash = number("Cash at the start, $")
    benchmark = number("Benchmark", "A symbol to hold beside it, such as SPY", inputmode="text", placeholder="SPY")
    slippage_bps = number("Slippage, basis points", "Empty: as the paper account; 5 is 0.05 %")
    fee_per_order = number("Fee per order, $", "Empty: as the paper account")
    fee_bps = number("Fee, basis points", "Of the value traded. Empty: as the paper account")
    approvals = choice("Orders that a person must approve", APPROVALS)
    split = number("Choose the best on the first, %", "Of the sessions; the rest shows whether it was luck")

    def __init__(self, subject: Subject, data: Mapping[str, Any] | None, *, today: date) -> None:
        super().__init__(data, initial=beginning(subject, today))
        self.subject = subject
        names = parameters_of(subject)
        for n in GRIDS:
            self.fields[f"grid{n}_parameter"] = choice(
                "Try values of" if n == 1 else "and of", [("", "nothing" if n == 1 else "nothing else"), *names]
            )
            for name, label in (("from", "from"), ("to", "to"), ("step", "in steps of")):
                self.fields[f"grid{n}_{name}"] = number(label)
        if subject.kind == "goal":
            del self.fields["symbols"]

    @property
    def basics(self) -> list[forms.BoundField]:
        return [self[name] for name in ("symbols", "start", "end", "cash", "benchmark") if name in self.fields]

    @property
    def costs(self) -> list[forms.BoundField]:
        return [self[name] for name in ("slippage_bps", "fee_per_order", "fee_bps", "approvals")]

    @property
    def grids(self) -> list[list[forms.BoundField]]:
        return [[self[f"grid{n}_{name}"] for name in ("parameter", "from", "to", "step")] for n in GRIDS]

    def as_data(self) -> dict[str, Any]:
        """The API's fields. Raises InvalidInput."""
        given = typed(self)
        data: dict[str, Any] = {
            "from": given["start"].isoformat() if given["start"] else None,
            "to": given["end"].isoformat() if given["end"] else None,
            "timeframe": self.subject.timeframe,
        }
        for name in ("cash", "benchmark", "slippage_bps", "fee_per_order", "fee_bps", "approvals"):
            data[name] = given[name]
        grid = [
            {
                "parameter": given[f"grid{n}_parameter"],
                **{key: given[f"grid{n}_{key}"] for key in ("from", "to", "step")},
            }
            for n in GRIDS
            if given[f"grid{n}_parameter"]
        ]
        if grid:
            data |= {"grid": grid, "split": given["split"]}
        return {name: value for name, value in data.items() if value not in (None, "")}

    def symbols_wanted(self) -> list[str] | None:
        """Other symbols than the strategy's own; None for its own."""
        words = [word.strip().upper() for word in self.cleaned_data.get("symbols", "").split(",") if word.strip()]
        return words if words and words != list(self.subject.symbols) else None

    def place_of(self, path: str) -> tuple[forms.Form, str | None]:
        path = path.removeprefix("strategy.")
        head, _, rest = path.partition(".")
        if head == "grid":
            place, _, key = rest.rpartition(".")
            wanted = f"grid{int(place) + 1 if place.isdigit() else 1}_{key or 'parameter'}"
            return self, wanted if wanted in self.fields else "grid1_parameter"
        field = {"from": "start", "to": "end"}.get(head, head)
        return self, field if field in self.fields else None


def parameters_of(subject: Subject) -> list[tuple[str, str]]:
    """What a grid may try: (name, words)."""
    if subject.kind == "goal":
        return [(name, name.replace("_", " ")) for name in NUMBERS]
    kind = STRATEGIES[subject.spec["strategy_type"]]
    own = [(one.name, one.label) for one in kind.schema if one.kind in ("integer", "number", "percent")]
    sizes = [(f"{SIZING}{name}", f"size: {name}") for name in subject.spec["sizing"] if name != "kind"]
    return own + sizes


def beginning(subject: Subject, today: date) -> dict[str, Any]:
    """Five years of daily bars, a month of shorter ones."""
    daily = subject.timeframe == "1d"
    start = (
        today.replace(year=today.year - 5, day=min(today.day, 28))
        if daily
        else date.fromordinal(today.toordinal() - 30)
    )
    return {
        "symbols": ", ".join(subject.symbols), "start": start, "end": today, "cash": "100000", "split": "70",
        "approvals": "approve",
    }  # fmt: skip
