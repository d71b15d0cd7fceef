"""How long the gate takes for one order: alone, and as the last of a long batch in one portfolio."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from safety.checks import CHECKS
from safety.gate import decide
from safety.models import SafetyPolicy
from safety.policies import as_view
from safety.sizing import worst_price_of
from safety.types import AccountView, InstrumentView, ProposedOrder, QuoteView, Snapshot, SwitchView

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
RICH = Decimal(10**9)
SYMBOLS = [f"S{number:03d}" for number in range(100)]


def snapshot() -> Snapshot:
    """A rich portfolio with limits that a hundred small orders a second do not reach."""
    policy = SafetyPolicy(max_daily_trades=10**6, max_open_orders=10**6, duplicate_window_seconds=0)
    price = Decimal(100)
    quote = QuoteView(last=price, bid=price, ask=price, prev_close=price, at=NOW)
    return Snapshot(
        now=NOW,
        trading_date=NOW.date(),
        policy=as_view(policy),
        switches=SwitchView(),
        account=AccountView(kind="paper", live=False),
        cash=RICH,
        equity=RICH,
        day_start_equity=RICH,
        peak_equity=RICH,
        positions={},
        prices=dict.fromkeys(SYMBOLS, price),
        instruments={
            symbol: InstrumentView(
                symbol=symbol, active=True, tradable=True, fractionable=True, demo=True, market_open=True
            )
            for symbol in SYMBOLS
        },
        quotes=dict.fromkeys(SYMBOLS, quote),
    )


def order(number: int) -> ProposedOrder:
    order_id = uuid4()
    return ProposedOrder(
        order_id=order_id,
        client_order_id=order_id.hex,
        user_id=1,
        portfolio_id=UUID(int=1),
        account_id=UUID(int=2),
        source_kind="action_execution",
        source_id=str(number),
        symbol=SYMBOLS[number % len(SYMBOLS)],
        side="buy",
        order_type="market",
        time_in_force="day",
        quantity=Decimal(1),
        expires_at=NOW + timedelta(minutes=2),
        trace_id=order_id,
    )


def run(*, quick: bool) -> list[dict[str, Any]]:
    rows = []
    for batch in (1, 100, 1000 if quick else 10_000):
        repeats = (2000 if quick else 10_000) // batch
        admitted, seconds = 0, 0.0
        for _ in range(repeats):
            now = snapshot()
            orders = [order(number) for number in range(batch)]
            began = time.process_time()
            for one in orders:
                _, approved = decide(one, now)
                price = worst_price_of(one, now)
                if approved is not None and price is not None:
                    admitted += 1
                    now = now.with_order(one, price, "queued")
            seconds += time.process_time() - began
        if admitted != batch * repeats:
            raise RuntimeError(f"{admitted} of {batch * repeats} orders were admitted")
        rows.append(
            {
                "orders in one portfolio": batch,
                "checks": len(CHECKS),
                "CPU ms per order": round(seconds / (batch * repeats) * 1000, 3),
            }
        )
    return rows
