"""How many shares a strategy has: what it bought less what it sold. The portfolio may hold others of that symbol."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from automation.strategies.models import Strategy, StrategySignal
from common.money import shares
from markets.carrying import carried, splits_by_symbol
from orders.models import Fill

Trade = tuple[str, str, Decimal, datetime]  # symbol, side, shares, when


def owned(strategy: Strategy, symbols: Collection[str], *, real: bool) -> dict[str, Decimal]:
    """Shares by symbol: from the fills of its orders, or its shadow since it is what it is. Splits are counted in."""
    trades = _fills(strategy, symbols) if real else _shadows(strategy, symbols)
    splits = splits_by_symbol({symbol for symbol, *_ in trades})
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for symbol, side, quantity, at in trades:
        quantity, _ = carried(quantity, Decimal(1), at, splits[symbol])
        totals[symbol] += quantity if side == "buy" else -quantity
    return {symbol: shares(max(total, Decimal(0)), fractional=True) for symbol, total in totals.items()}


def _fills(strategy: Strategy, symbols: Collection[str]) -> Sequence[Trade]:
    orders = StrategySignal.objects.filter(strategy=strategy, instrument__in=symbols, order__isnull=False)
    fills = Fill.objects.filter(order__in=orders.values("order_id")).order_by("at", "id")
    return list(fills.values_list("order__instrument_id", "order__side", "quantity", "at"))


def _shadows(strategy: Strategy, symbols: Collection[str]) -> Sequence[Trade]:
    rows = StrategySignal.objects.filter(
        strategy=strategy, instrument__in=symbols, shadow_price__isnull=False, epoch=strategy.epoch
    ).order_by("finished_at", "id")
    return [
        (row.instrument_id, row.shadow_side, row.shadow_quantity or Decimal(0), row.finished_at or row.created_at)
        for row in rows
    ]
