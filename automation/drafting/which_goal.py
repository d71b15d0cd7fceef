"""What a REBALANCE rule brings the portfolio to: one of its goals, by id or name, or targets of its own."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from automation.drafting.base import Part, storable
from automation.models import ActionType
from automation.triggers.reading import Reader, shown
from common.money import ZERO, plain
from portfolios.models import PortfolioGoal
from portfolios.planning.types import CASH

ONE = Decimal(1)
TOLERANCE = Decimal("0.000001")
MOST_TARGETS = 500
TRIGGER = "drift_above"


class WhichGoal(Part):
    def _rebalance(self) -> None:
        read, kind = self.read, self.fields["action_type"]
        goal, targets = read.take("goal"), read.take("targets")
        targets = None if targets == {} else targets
        self.fields.update(goal_id=None, targets={})
        if kind != ActionType.REBALANCE:
            for key, value in (("goal", goal), ("targets", targets)):
                if value is not None:
                    self.errors[key] = f"{shown(value)} goes with REBALANCE only: leave it out"
            return
        if (goal is None) == (targets is None):
            said = "both were given" if goal is not None else "neither was given"
            self.errors["goal"] = f"REBALANCE needs a goal or targets, exactly one; {said}"
        elif goal is not None:
            found = self._goal(goal, "goal")
            self.fields["goal_id"] = found.pk if found else None
        else:
            self.fields["targets"] = self._targets(targets)

    def _goal_of_trigger(self, kind: str, raw: Any) -> Any:
        """The parameters of `drift_above` with the goal's id for its name, and its name as the label."""
        if kind != TRIGGER or not isinstance(raw, Mapping) or raw.get("goal") in (None, ""):
            return raw
        found = self._goal(raw["goal"], "trigger_params.goal")
        if found is None:
            return None
        return {**raw, "goal": str(found.pk), "label": found.name}

    def _goal(self, value: Any, key: str) -> PortfolioGoal | None:
        """The goal of the rule's portfolio by id or name; None with an error when there is none."""
        goals = self.lookups.goals(self.portfolio) if self.portfolio else []
        found = None
        if isinstance(value, (str, UUID)):
            text = str(value).strip()
            found = next((goal for goal in goals if str(goal.pk) == text.lower() or goal.name == text), None)
        if found is None:
            names = ", ".join(repr(goal.name) for goal in goals) or "none"
            self.errors[key] = f"{shown(value)} is not a goal of this portfolio: it has {names}"
        return found

    def _targets(self, raw: Any) -> dict[str, str]:
        if not isinstance(raw, Mapping) or len(raw) > MOST_TARGETS:
            self.errors["targets"] = f'{shown(raw)} is not an object such as {{"SPY": "0.6", "AGG": "0.4"}}'
            return {}
        read = Reader({str(symbol).strip().upper(): weight for symbol, weight in raw.items()}, "a target")
        weights: dict[str, str] = {}
        for symbol in list(read.raw):
            known = storable(symbol) and (symbol == CASH or self.lookups.instrument(symbol) is not None)
            weight = read.decimal(symbol, required=True, above=None, at_least=0, at_most=1)
            if not known:
                self.errors[f"targets.{symbol}"] = (
                    f"{shown(symbol)} is not a known symbol: see /api/markets/instruments/"
                )
            elif weight is not None:
                weights[symbol] = weight
        self.errors.update({f"targets.{symbol}": text for symbol, text in read.errors.items()})
        total = sum((Decimal(weight) for weight in weights.values()), ZERO)
        if len(weights) == len(raw) and abs(total - ONE) > TOLERANCE:
            self.errors["targets"] = f"the weights sum to {plain(total)}: they must sum to 1 (CASH may be one of them)"
        elif len(weights) != len(raw) and not any(key.startswith("targets") for key in self.errors):
            self.errors["targets"] = "a symbol is named twice: name each once"
        return weights
