"""The ready-made rule of the guided start: one whose price is near, so that it fires while its maker looks on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from accounts.models import User
from automation import lifecycle
from automation.explaining import Explanation, preview
from automation.models import Action
from common.errors import InvalidInput, NotFound
from common.money import HUNDRED
from markets.models import Quote
from markets.selectors import last_bars_of, latest_quotes

KINDS = ("NOTIFY", "BUY")
NAME = "My first rule"
# The demo market's prices wander a third of a percent around their mean and forget it within 20 seconds
# (markets.feeds.path): a fifth of a percent towards the mean is reached within a minute, nearly always.
AWAY, NEARER = Decimal("0.2"), Decimal("0.05")  # percent
RECENT_BARS = 5
CENT = Decimal("0.01")
# A price that moved within the last minutes: the rule would never fire on one that stands still.
LIVE = timedelta(minutes=5)
OFFERED = ("AAPL", "MSFT", "NVDA", "GOOG", "SPY", "IBM")


def live_quotes(*, now: datetime) -> list[Quote]:
    """Standing prices to choose from, the well-known demo symbols first; others only where none of those trades."""
    known = latest_quotes(OFFERED)
    found = [known[symbol] for symbol in OFFERED if symbol in known and now - known[symbol].received_at < LIVE]
    if found:
        return found
    others = Quote.objects.filter(received_at__gte=now - LIVE).select_related("instrument")
    return list(others.order_by("instrument_id")[: len(OFFERED)])


def written(*, symbol: str, kind: str, now: datetime) -> dict[str, Any]:
    """The rule as a person would write it. Raises InvalidInput for a symbol without a price, or another kind."""
    if kind not in KINDS:
        raise InvalidInput({"kind": f"{kind!r} is not offered here: use NOTIFY or BUY."})
    trigger, params = _trigger(symbol, AWAY, now)
    common = {"name": NAME, "symbol": symbol, "trigger_type": trigger, "trigger_params": params, "max_executions": 1}
    if kind == "BUY":
        return {**common, "action_type": "BUY", "quantity": "1"}
    return {**common, "action_type": "NOTIFY", "message": f"{symbol} got there: this is how an alert looks."}


def described(*, user: User, symbol: str, kind: str, now: datetime) -> Explanation:
    """What it would be, before it exists."""
    return preview(user=user, data=written(symbol=symbol, kind=kind, now=now), now=now)


def make(*, user: User, symbol: str, kind: str, now: datetime, actor: str) -> Action:
    """Create and arm it."""
    return lifecycle.create_action(user=user, data=written(symbol=symbol, kind=kind, now=now), now=now, actor=actor)


def bring_nearer(*, user: User, action_id: UUID, now: datetime, actor: str) -> Action:
    """Move its price next to where the market is. Raises NotFound, Conflict when it has ended."""
    action = Action.objects.filter(user=user, pk=action_id).first()
    if action is None:
        raise NotFound(f"There is no rule {action_id}.")
    trigger, params = _trigger(action.instrument_id or "", NEARER, now)
    changes = {"trigger_type": trigger, "trigger_params": params}
    return lifecycle.update_action(user=user, action_id=action_id, changes=changes, now=now, actor=actor)


def _trigger(symbol: str, away: Decimal, now: datetime) -> tuple[str, dict[str, str]]:
    """A price `away` percent from the standing one, on the side where the price has lately been."""
    quote = latest_quotes([symbol]).get(symbol)
    if quote is None:
        raise InvalidInput({"symbol": f"{symbol or 'Nothing'} has no price yet: choose one of those shown."})
    bars = last_bars_of([symbol], "1m", RECENT_BARS, before=now)[symbol]
    falls = quote.last >= _mean((bar.close for bar in bars), quote.last)
    step = max(quote.last * away / HUNDRED, CENT)
    level = (quote.last - step if falls else quote.last + step).quantize(CENT, ROUND_HALF_UP)
    return ("price_below" if falls else "price_above"), {"threshold": str(level)}


def _mean(closes: Iterable[Decimal], otherwise: Decimal) -> Decimal:
    listed = list(closes)
    return sum(listed, Decimal(0)) / len(listed) if listed else otherwise
