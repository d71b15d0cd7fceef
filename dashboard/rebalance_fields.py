"""What a REBALANCE rule brings the portfolio to: one of its goals, or weights of its own, typed as percent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from automation.models import Action
from common.errors import InvalidInput
from common.money import HUNDRED, ZERO, plain
from portfolios.models import Portfolio, PortfolioGoal

OWN = "own"  # no goal: the rule's own weights
NO_GOAL = ("", "You have no goal yet: make one under Goals")
EXAMPLE = "AAPL 50, MSFT 30, CASH 20"
_PAIR = re.compile(r"\s*([^\s:=]+)[\s:=]+([0-9.]+)\s*%?\s*")


def goal_choices(portfolios: Sequence[Portfolio]) -> list[tuple[str, str]]:
    """The goals of these portfolios, by name; with the portfolio's name where there are several. One query."""
    goals = PortfolioGoal.objects.filter(portfolio__in=portfolios, archived_at=None).select_related("portfolio")
    several = len(portfolios) > 1
    return [
        (str(goal.pk), f"{goal.name} ({goal.portfolio.name})" if several else goal.name)
        for goal in goals.order_by("name", "pk")
    ]


def rebalance_data(typed: Mapping[str, Any]) -> dict[str, Any]:
    """`goal` and `targets` as the API takes them: exactly one of the two. InvalidInput for weights unread."""
    if typed.get("goal") != OWN:
        return {"goal": typed.get("goal") or None, "targets": None}
    return {"goal": None, "targets": weights_in(typed.get("targets", ""))}


def weights_in(text: str) -> dict[str, str]:
    """`AAPL 50, MSFT 30, CASH 20` as ratios by symbol. InvalidInput on `targets`."""
    weights: dict[str, Decimal] = {}
    for part in re.split(r"[,;\n]+", text):
        if not part.strip():
            continue
        found = _PAIR.fullmatch(part)
        amount = _decimal(found[2]) if found else None
        if found is None or amount is None:
            raise _wrong(f"“{part.strip()}” is not a symbol with a percentage: write it like {EXAMPLE}.")
        symbol = found[1].upper()
        if symbol in weights:
            raise _wrong(f"{symbol} stands here twice: give it once.")
        weights[symbol] = amount
    total = sum(weights.values(), ZERO)
    if not weights:
        raise _wrong(f"Give the weights the rule rebalances to, such as {EXAMPLE}.")
    if total != HUNDRED:
        raise _wrong(f"The weights add up to {plain(total)} %: they must add up to 100 %, CASH may be one of them.")
    return {symbol: plain(amount / HUNDRED) for symbol, amount in weights.items()}


def initial_rebalance(action: Action | None) -> dict[str, str]:
    """What the form shows of a rule that is edited."""
    if action is None or not (action.goal_id or action.targets):
        return {}
    shown = [f"{symbol} {plain((Decimal(weight) * HUNDRED).normalize())}" for symbol, weight in action.targets.items()]
    return {"goal": str(action.goal_id) if action.goal_id else OWN, "targets": ", ".join(shown)}


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _wrong(text: str) -> InvalidInput:
    return InvalidInput({"targets": [text]})
