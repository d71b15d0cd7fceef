"""Whether a strategy that a rule names is the user's, and works on the rule's symbol."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import User
from automation.strategies.models import Strategy


def name_into(params: dict[str, Any], user: User, symbol: str | None) -> str:
    """Fill in what the strategy of a `signal` trigger is called; returns what is wrong with it, or nothing."""
    found = Strategy.objects.filter(user=user, id=UUID(params["strategy"]), archived_at__isnull=True).first()
    if found is None:
        return f"'{params['strategy']}' is not one of your strategies: see /api/strategies/"
    if symbol is not None and not found.symbols.filter(instrument=symbol).exists():
        names = ", ".join(found.symbols.order_by("position").values_list("instrument_id", flat=True)[:10])
        return f"'{found.name}' does not work on {symbol}: it works on {names}"
    params["name"] = found.name
    return ""
