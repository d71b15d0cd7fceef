"""The goal form: percent as people write them, rows of targets; the domain's refusals land on their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.http import QueryDict

from common.errors import InvalidInput
from common.money import HUNDRED, plain
from dashboard.trigger_forms import choice, number
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.planning.types import CASH, BandKind, LotMethod, RebalanceTo

SPARE_ROWS = 2  # empty rows below those filled in, for browsers without JavaScript
PERCENT = ("drift_threshold", "turnover_cap")  # ratios in the domain, percent on the page: (0, most]
MOST_PERCENT = {"drift_threshold": 100, "turnover_cap": 200}
NUMBERS = (
    "min_trade", "cash_buffer", "cash_buffer_pct", "cooldown_days", "commission", "spread_bps", "slippage_bps",
    "benefit_bps", "short_term_tax_pct", "long_term_tax_pct",
)  # fmt: skip
FLAGS = ("enabled", "cash_flow_only", "avoid_short_term_gains", "wash_sale_lock")
CHOICES = ("band_kind", "rebalance_to", "rebalance_mode", "lot_method")
MISSING = {"schedule": "", "turnover_cap": None}


@dataclass
class TargetRow:
    """One target as typed."""

    symbol: str = ""
    weight: str = ""
    errors: list[str] = field(default_factory=list)


def check_box(label: str, help_text: str = "") -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, help_text=help_text)


class GoalForm(forms.Form):
    """Everything a goal can say. Values are judged by the domain; only percent and rows are read here."""

    use_required_attribute = False
    name = forms.CharField(
        label="Name", required=False, widget=forms.TextInput({"autocomplete": "off", "placeholder": "Retirement"})
    )
    portfolio = forms.ModelChoiceField(
        label="Portfolio", queryset=Portfolio.objects.none(), required=False, empty_label=None
    )
    band_kind = forms.ChoiceField(
        label="How far may a weight drift?",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (BandKind.ABSOLUTE, "Points: 5 points around 40 % is 35 to 45 %"),
            (BandKind.RELATIVE, "Percent of the target: 25 % around 40 % is 30 to 50 %"),
            (BandKind.HYBRID_5_25, "5/25: 5 points, or a quarter of the target if that is less"),
            (BandKind.HYBRID_20_1, "20/1: a fifth of the target, but at least 1 point"),
        ],
    )
    drift_threshold = number("Band, %", "Points, or percent of the target. Wider bands trade less often")
    rebalance_mode = forms.ChoiceField(
        label="When it has drifted",
        required=False,
        widget=forms.RadioSelect,
        choices=[
            (PortfolioGoal.Mode.ALERT, "Tell me, with the plan. Nothing is ordered"),
            (PortfolioGoal.Mode.AUTO, "Rebalance by itself, through the safety gate"),
        ],
    )
    rebalance_to = choice(
        "Bring back",
        [
            (RebalanceTo.TARGET, "everything to its target"),
            (RebalanceTo.DRIFTED_ONLY, "only what drifted, to its target"),
            (RebalanceTo.BAND_EDGE, "what drifted, just inside its band"),
        ],
        "To the band's edge trades least; to the target drifts again latest",
    )
    cash_flow_only = check_box("Only buy", "Never sells: new cash goes to what is short")
    schedule = forms.CharField(
        label="On a schedule",
        required=False,
        help_text="Empty: whenever it has drifted. Else minute, hour, day, month, weekday: 0 10 1 * * is the 1st "
        "of each month at 10:00",
        widget=forms.TextInput({"list": "schedules", "autocomplete": "off", "placeholder": "whenever it has drifted"}),
    )
    timezone = forms.CharField(label="Time zone of the schedule", required=False)
    cooldown_days = number("Rest after a run, days", "No run in that time, not even yours", inputmode="numeric")
    cash_buffer = number("Always keep, $", "Cash that belongs to no weight")
    cash_buffer_pct = number("and keep, % of the portfolio", "On top of the dollars")
    min_trade = number(
        "Smallest trade, $", "Smaller ones are not made. Whole shares or fractions: as each symbol allows"
    )
    turnover_cap = number("Trade at most, %", "Of the portfolio, bought and sold in one run. Empty: no limit")
    do_not_sell = forms.CharField(
        label="Never sell",
        required=False,
        help_text="Symbols, with commas between",
        widget=forms.TextInput({"autocomplete": "off", "placeholder": "AAPL, MSFT"}),
    )
    lot_method = choice(
        "Sell which shares first",
        [
            (LotMethod.FIFO, "the oldest (FIFO)"),
            (LotMethod.HIFO, "the dearest (HIFO)"),
            (LotMethod.TAX, "those with the least tax"),
        ],
        "Which tax lots a sale takes",
    )
    short_term_tax_pct = number("Tax on short-term gains, %", "For estimates")
    long_term_tax_pct = number("Tax on long-term gains, %", "For estimates; long is more than a year")
    avoid_short_term_gains = check_box("Avoid short-term gains", "Shares held a year or less are sold only at a loss")
    wash_sale_lock = check_box("Wash-sale lock", "After a sale at a loss, nothing of it is bought for 30 days")
    commission = number("Commission, $ a trade")
    spread_bps = number("Spread, bps", "1 bps is a hundredth of a percent")
    slippage_bps = number("Slippage, bps")
    benefit_bps = number("Worth of being on target, bps", "A trade that costs more than this is left out")
    enabled = check_box("Switched on", "Off: kept, but neither watched nor rebalanced")

    def __init__(
        self,
        data: QueryDict | None,
        *,
        portfolios: Sequence[Portfolio],
        goal: PortfolioGoal | None = None,
        begin: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial={**initial_of(goal or PortfolioGoal()), **(begin or {})})
        self.goal = goal
        self.portfolios = portfolios
        field = self.fields["portfolio"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Portfolio.objects.filter(pk__in=[portfolio.pk for portfolio in portfolios])
        if goal is not None:
            del self.fields["portfolio"]
        self.rows = rows_in(data) if data is not None else rows_of(goal.target_weights if goal else {})
        self.weights_errors: list[str] = []

    @property
    def shown_rows(self) -> list[TargetRow]:
        """The rows with a few empty ones below."""
        return [*self.rows, *(TargetRow() for _ in range(max(SPARE_ROWS, 3 - len(self.rows))))]

    @property
    def total(self) -> Decimal:
        return sum((amount for row in self.rows if (amount := _decimal(row.weight)) is not None), Decimal(0))

    def as_data(self) -> dict[str, Any]:
        """The API's fields. InvalidInput for what cannot even be read; the domain judges the rest."""
        self.is_valid()
        typed = self.cleaned_data
        data: dict[str, Any] = {"name": typed.get("name", ""), "target_weights": self._weights()}
        data |= {name: typed[name] for name in (*NUMBERS, *CHOICES, "timezone") if typed.get(name)}
        data |= {name: bool(typed.get(name)) for name in FLAGS}
        data |= {name: self._ratio(name, typed.get(name, "")) for name in PERCENT}
        data["schedule"] = typed.get("schedule") or None
        data["do_not_sell"] = [one for one in typed.get("do_not_sell", "").replace(",", " ").split() if one]
        if data["drift_threshold"] is None:
            del data["drift_threshold"]
        if self.goal is None and typed.get("portfolio"):
            data["portfolio"] = str(typed["portfolio"].pk)
        if self.errors or self.weights_errors or any(row.errors for row in self.rows):
            raise InvalidInput({})
        return data

    def _weights(self) -> dict[str, str]:
        """Symbol -> ratio. What is wrong with a row stands beside it, the sum below them."""
        weights: dict[str, str] = {}
        for row in self.rows:
            symbol, amount = row.symbol.strip().upper(), _decimal(row.weight)
            if not symbol:
                row.errors.append("A weight without a symbol: name one, or CASH.")
            elif symbol in weights:
                row.errors.append(f"{symbol} stands here twice: give it once.")
            elif amount is None or not 0 <= amount <= HUNDRED:
                given = f"“{row.weight}”" if row.weight else "Nothing"
                row.errors.append(f"{given} is not a weight: give a percentage from 0 to 100, such as 40.")
            else:
                weights[symbol] = plain(amount / HUNDRED)
        if not self.rows:
            self.weights_errors.append("Name at least one symbol with its weight, such as SPY 60 and AGG 40.")
        elif not any(row.errors for row in self.rows) and self.total != HUNDRED:
            gap = plain(abs(HUNDRED - self.total).normalize())
            how = "missing: put them into CASH if they are to stay cash" if self.total < HUNDRED else "too many"
            self.weights_errors.append(f"The weights add up to {plain(self.total.normalize())} %: {gap} % are {how}.")
        return weights

    def _ratio(self, name: str, text: str) -> str | None:
        if not text:
            return None
        amount, most = _decimal(text), MOST_PERCENT[name]
        if amount is None or not 0 < amount <= most:
            self.add_error(name, f"“{text}” cannot be used: give a percentage above 0, at most {most}.")
            return None
        return plain(amount / HUNDRED)

    def blame(self, error: InvalidInput) -> None:
        """Each refusal of the domain on the field or row it is about; what has none goes on top."""
        for path, texts in error.errors.items():
            head, _, symbol = path.partition(".")
            row = next((row for row in self.rows if row.symbol.strip().upper() == symbol.upper()), None)
            if head == "target_weights":
                unknown = f"{symbol} is not known here: pick a symbol from the list."
                said = [unknown if "known instrument" in text else text for text in texts]
                (row.errors if row else self.weights_errors).extend(said)
            elif head in self.fields:
                self.add_error(head, [text.partition(": look it up with")[0] for text in texts])
            else:
                self.add_error(None, [f"{path}: {text}" for text in texts])


def initial_of(goal: PortfolioGoal) -> dict[str, Any]:
    """What the form shows at first: the goal's values, or those a new goal begins with."""
    values: dict[str, Any] = {name: getattr(goal, name) for name in (*FLAGS, *CHOICES, "name", "schedule", "timezone")}
    values |= {name: plain(Decimal(getattr(goal, name)).normalize()) for name in NUMBERS}
    for name in PERCENT:
        ratio = getattr(goal, name)
        values[name] = "" if ratio is None else plain((ratio * HUNDRED).normalize())
    return {**values, "do_not_sell": ", ".join(goal.do_not_sell)}


def rows_of(weights: Mapping[str, str]) -> list[TargetRow]:
    """Stored ratios as percent, the largest first, cash last."""
    ratios = {symbol: Decimal(weight) for symbol, weight in weights.items()}
    ordered = sorted(ratios, key=lambda symbol: (symbol == CASH, -ratios[symbol], symbol))
    return [TargetRow(symbol=symbol, weight=plain((ratios[symbol] * HUNDRED).normalize())) for symbol in ordered]


def rows_in(data: QueryDict) -> list[TargetRow]:
    """The rows as they were sent, without the empty ones."""
    pairs = zip(data.getlist("symbol"), data.getlist("weight"), strict=False)
    typed = [TargetRow(symbol=symbol.strip(), weight=weight.strip().rstrip("%").strip()) for symbol, weight in pairs]
    return [row for row in typed if row.symbol or row.weight]


def rows_from(text: str) -> list[TargetRow]:
    """`?weights=AAPL:0.5,MSFT:0.5`; what cannot be read is left out."""
    rows = []
    for pair in text.split(",")[:100]:
        symbol, _, given = pair.partition(":")
        ratio = _decimal(given)
        if symbol.strip() and ratio is not None and 0 <= ratio <= 1:
            percent = plain((ratio * HUNDRED).normalize())
            rows.append(TargetRow(symbol=symbol.strip().upper()[:20], weight=percent))
    return rows


def _decimal(text: str) -> Decimal | None:
    try:
        found = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
