"""How many shares a strategy has: what it bought less what it sold. The portfolio may hold others of that symbol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Sum

from automation.strategies.models import Strategy, StrategySignal


def owned(strategy: Strategy, symbols: Iterable[str], *, real: bool) -> dict[str, Decimal]:
    """Shares by symbol, from the fills of its orders, or of its shadow since the mode or the strategy changed."""
    signals = StrategySignal.objects.filter(strategy=strategy, instrument__in=list(symbols))
    totals: dict[str, Decimal] = defaultdict(Decimal)
    if real:
        rows = signals.filter(order__isnull=False).values_list("instrument_id", "order__side")
        counted = rows.annotate(total=Sum("order__filled_quantity")).order_by()
    else:
        rows = signals.filter(shadow_price__isnull=False, epoch=strategy.epoch).values_list(
            "instrument_id", "shadow_side"
        )
        counted = rows.annotate(total=Sum("shadow_quantity")).order_by()
    for symbol, side, total in counted:
        totals[symbol] += total if side == "buy" else -total
    return dict(totals)
