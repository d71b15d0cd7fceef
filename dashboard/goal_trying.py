"""What a goal would do with other bands, another end or other cash: the small form, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from accounts.models import User
from automation.rebalancing.trying import try_goal
from common.errors import InvalidInput
from common.money import HUNDRED, ZERO, plain
from dashboard.selectors.goal_bars import bars_of
from dashboard.selectors.goals import shown_plan
from dashboard.trigger_forms import choice, number
from portfolios.models import PortfolioGoal
from portfolios.planning.types import BandKind, RebalanceTo

PREFIX = "try"


class TryForm(forms.Form):
    """Begins with the goal's own terms."""

    use_required_attribute = False
    band_kind = choice(
        "Band",
        [
            (BandKind.ABSOLUTE, "points"),
            (BandKind.RELATIVE, "% of the target"),
            (BandKind.HYBRID_5_25, "5/25"),
            (BandKind.HYBRID_20_1, "20/1"),
        ],
    )
    drift_threshold = number("of, %")
    rebalance_to = choice(
        "Bring back",
        [
            (RebalanceTo.TARGET, "everything to target"),
            (RebalanceTo.DRIFTED_ONLY, "what drifted, to target"),
            (RebalanceTo.BAND_EDGE, "what drifted, to the edge"),
        ],
    )
    cash = number("Cash paid in, $", "A minus takes it out", placeholder="0")

    def __init__(self, goal: PortfolioGoal, data: Mapping[str, Any] | None = None) -> None:
        initial = {
            "band_kind": goal.band_kind,
            "drift_threshold": plain((goal.drift_threshold * HUNDRED).normalize()),
            "rebalance_to": goal.rebalance_to,
        }
        super().__init__(data, initial=initial, prefix=PREFIX)

    def read(self) -> tuple[dict[str, Any], Decimal]:
        """The changes and the cash. InvalidInput."""
        self.is_valid()
        typed = self.cleaned_data
        changes = {name: typed[name] for name in ("band_kind", "rebalance_to") if typed.get(name)}
        errors: dict[str, list[str]] = {}
        threshold, cash = _decimal(typed.get("drift_threshold")), _decimal(typed.get("cash"))
        if threshold is not None and not 0 < threshold <= HUNDRED:
            errors["drift_threshold"] = [f"{plain(threshold)} cannot be used: give a percentage above 0, at most 100."]
        for name, value in (("drift_threshold", threshold), ("cash", cash)):
            if value is None and typed.get(name):
                errors[name] = [f"“{typed[name]}” is not a number: give one such as 5."]
        if errors:
            raise InvalidInput(errors)
        if threshold is not None:
            changes["drift_threshold"] = plain(threshold / HUNDRED)
        return changes, cash or ZERO


def tried_context(user: User, goal: PortfolioGoal, form: TryForm, *, now: datetime) -> dict[str, Any]:
    """The answer, or what could not be used as (label, text)."""
    try:
        changes, cash = form.read()
        tried = try_goal(user=user, goal_id=goal.pk, changes=changes, cash=cash, now=now)
    except InvalidInput as error:
        labels = {name: str(field.label) for name, field in form.fields.items()}
        return {
            "wrong": [(labels.get(name, name), " ".join(texts)) for name, texts in error.errors.items()],
            "try_form": form,
        }
    shown = shown_plan(tried.plan, goal.target_weights) if tried.plan else {}
    bars = bars_of(tried.drift)
    return {
        **shown,
        "tried": tried,
        "bars": bars,
        "outside": [bar.symbol for bar in bars if bar.outside],
        "try_form": form,
    }


def _decimal(text: str | None) -> Decimal | None:
    try:
        found = Decimal((text or "").strip().replace(",", "") or "NaN")
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
