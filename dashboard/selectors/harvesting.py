"""Tax losses: what could be realised, and what must not be bought back yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from common.errors import InvalidInput
from common.money import ZERO
from dashboard.trigger_forms import number
from portfolios.goals.reading import WASH_DAYS, loss_sales
from portfolios.harvesting import harvest_candidates
from portfolios.models import Portfolio, PortfolioGoal
from safety.policies import policy_for

THRESHOLDS = {"min_loss": "100", "min_loss_pct": "5", "short_term_tax_pct": "24", "long_term_tax_pct": "15"}


class HarvestForm(forms.Form):
    """From which loss on it is worth the trouble, and the tax rates of the estimate."""

    use_required_attribute = False
    min_loss = number("Loss of at least, $")
    min_loss_pct = number("and at least, %")
    short_term_tax_pct = number("Tax on short-term gains, %")
    long_term_tax_pct = number("Tax on long-term gains, %")

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__({name: data.get(name) or usual for name, usual in THRESHOLDS.items()})

    def read(self) -> dict[str, Decimal]:
        """The thresholds and rates. InvalidInput."""
        values, errors = {}, {}
        for name in THRESHOLDS:
            text = str(self.data[name])
            try:
                values[name] = Decimal(text.replace(",", "").strip())
            except InvalidOperation:
                errors[name] = [f"“{text}” is not a number: give one such as {THRESHOLDS[name]}."]
                continue
            if not values[name].is_finite():
                errors[name] = [f"“{text}” is not a number: give one such as {THRESHOLDS[name]}."]
        if errors:
            raise InvalidInput(errors)
        return values

    def blame(self, error: InvalidInput) -> None:
        """Each refusal on its field."""
        self.is_valid()
        for name, texts in error.errors.items():
            self.add_error(name if name in self.fields else None, texts)


def harvest_context(portfolio: Portfolio, form: HarvestForm, *, now: datetime) -> dict[str, Any]:
    """Candidates, their sums, and the wash-sale locks. InvalidInput for thresholds that make no sense."""
    found = harvest_candidates(portfolio, now=now, **form.read())
    locks = sorted(loss_sales(portfolio, now).items(), key=lambda item: item[1], reverse=True)
    return {
        "candidates": found,
        "total_loss": sum((one.loss for one in found), ZERO),
        "total_saved": sum((one.tax_saved for one in found), ZERO),
        "locks": [{"symbol": symbol, "sold": at, "until": at + WASH_DAYS} for symbol, at in locks],
        "gate_locks": policy_for(portfolio).wash_sale_lock,
        "locking_goals": list(
            PortfolioGoal.objects.filter(portfolio=portfolio, enabled=True, wash_sale_lock=True)
            .order_by("name")
            .values_list("name", flat=True)
        ),
    }
