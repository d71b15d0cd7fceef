"""Shadow trades: what a strategy that only watches would have traded, by the paper broker's own arithmetic."""

from __future__ import annotations

from uuid import UUID

from automation.strategies.deciding import Trade
from automation.strategies.models import StrategySignal
from markets.models import Quote
from orders.models import Source
from orders.shadowing import costs_for, fill_of
from orders.types import OrderIntent


def shadow(signal: StrategySignal, trade: Trade, quote: Quote, portfolio_id: UUID) -> tuple[str, str]:
    """Write the trade into the signal's row; returns a code and a reason when there is none. The caller saves."""
    intent = OrderIntent(
        portfolio_id=portfolio_id,
        source_kind=Source.STRATEGY_SIGNAL,
        source_id=str(signal.id),
        idempotency_key=f"shadow:{signal.id}",
        symbol=signal.instrument_id,
        side=trade.side,
        quantity=trade.quantity,
    )
    filled = fill_of(intent, trade.quantity, quote, costs_for(portfolio_id))
    if not filled.filled:
        return filled.code, "It would not have been filled at this quote."
    signal.shadow_side, signal.shadow_quantity = trade.side, filled.quantity
    signal.shadow_price, signal.shadow_fee = filled.price, filled.fee
    return "", ""
