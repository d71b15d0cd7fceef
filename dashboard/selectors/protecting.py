"""The stops of the holdings as the portfolio page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from automation.stops.offering import RECIPES
from automation.stops.protection import Loss, Protection, loss_at
from automation.stops.standing import protections
from portfolios.models import Portfolio
from portfolios.types import Valuation


@dataclass(frozen=True, kw_only=True)
class ProtectionRow:
    """A holding and what sells it first. `tone`: good (all of it), warn (a part, or something is wrong), bad (none)."""

    symbol: str
    tone: str
    words: str  # protected, partly, no stop
    short: str = ""  # trailing 5 %
    price: Decimal | None = None
    loss: Loss | None = None
    covered: Decimal = Decimal(0)
    shares: Decimal = Decimal(0)
    action_id: UUID | None = None
    order_id: UUID | None = None
    others: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # what can be set, and where


def protection_rows(portfolio: Portfolio, valuation: Valuation, *, now: datetime) -> dict[str, Any]:
    """Every holding, the least protected first. Four queries, however many there are."""
    found = protections(portfolio, now=now, valuation=valuation)
    order = {"bad": 0, "warn": 1, "good": 2}
    rows = [_row(protection, portfolio) for protection in found.values()]
    return {"protections": sorted(rows, key=lambda row: (order[row.tone], row.symbol))}


def _row(found: Protection, portfolio: Portfolio) -> ProtectionRow:
    first, holding = found.first, found.holding
    others = tuple(stop.short for stop in found.stops if stop is not first)
    tone, words = _look(found)
    return ProtectionRow(
        symbol=holding.symbol,
        tone=tone,
        words=words,
        short=first.short if first else "",
        price=first.price if first else None,
        loss=loss_at(holding, first.price, first.shares) if first else None,
        covered=found.covered,
        shares=holding.shares,
        action_id=first.action_id if first else None,
        order_id=first.order_id if first else None,
        others=others,
        warnings=found.warnings,
        links=() if first else _links(holding.symbol, portfolio),
    )


def _look(found: Protection) -> tuple[str, str]:
    if found.first is None:
        return "bad", "no stop"
    if found.covered < found.holding.shares:
        return "warn", "partly"
    return ("warn", "check it") if found.warnings else ("good", "protected")


def _links(symbol: str, portfolio: Portfolio) -> tuple[tuple[str, str], ...]:
    """The templates, filled in for this holding."""
    links = []
    for stop, recipe in RECIPES.items():
        said = {recipe.holding: symbol, "portfolio": str(portfolio.pk), **recipe.settled}
        links.append((stop, f"{reverse('dashboard:template', args=[recipe.template])}?{urlencode(said)}"))
    return tuple(links)
