"""Orders and snapshots for tests of the gate: everything passes unless a test changes it."""

from __future__ import annotations

import uuid
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from safety.types import (
    AccountView,
    InFlight,
    InstrumentView,
    PolicyView,
    ProposedOrder,
    QuoteView,
    RecentOrder,
    Snapshot,
    SwitchView,
)

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
D = Decimal

POLICY = PolicyView(
    version=3,
    paper_trading=True,
    max_daily_trades=10,
    max_position_pct=D(10),
    max_order_notional_pct=D(25),
    max_gross_pct=D(100),
    max_open_orders=20,
    daily_turnover_pct=D(100),
    large_order_pct=D(5),
    large_order_amount=None,
    daily_loss_reduce_pct=D(2),
    daily_loss_halt_pct=D(4),
    drawdown_halt_pct=D(10),
    price_collar_pct=D(10),
    price_jump_pct=D(20),
    approval_collar_pct=D(1),
    max_spread_pct=D(2),
    quote_max_age_seconds=15,
    buying_power_cushion_pct=D(2),
    duplicate_window_seconds=60,
    orders_per_minute=None,
    orders_per_minute_per_symbol=None,
    symbol_whitelist=(),
    symbol_blacklist=(),
    extended_hours=False,
    failures_before_review=3,
    loop_round_trips=3,
    loop_window_minutes=60,
    wash_sale_lock=False,
    agent_daily_orders=5,
    agent_order_pct=D(2),
)
SYMBOLS = ("AAPL", "MSFT")
QUOTE = QuoteView(last=D(100), bid=D("99.99"), ask=D(100), prev_close=D(100), at=NOW)
INSTRUMENT = InstrumentView(
    symbol="AAPL", active=True, tradable=True, fractionable=True, demo=False, market_open=True, next_open=NOW
)
SNAPSHOT = Snapshot(
    now=NOW,
    trading_date=date(2026, 11, 20),
    policy=POLICY,
    switches=SwitchView(),
    account=AccountView(kind="paper", live=False),
    cash=D(50_000),
    equity=D(100_000),
    day_start_equity=D(100_000),
    peak_equity=D(100_000),
    positions={},
    prices={symbol: D(100) for symbol in SYMBOLS},
    instruments={symbol: replace(INSTRUMENT, symbol=symbol) for symbol in SYMBOLS},
    quotes=dict.fromkeys(SYMBOLS, QUOTE),
)
_INPUTS = {field.name for field in fields(Snapshot) if field.init}
_LIMITS = {field.name for field in fields(PolicyView)}


def order(**changes: Any) -> ProposedOrder:
    """A market buy of 10 AAPL at $100."""
    order_id = uuid.uuid4()
    return ProposedOrder(
        **{
            "order_id": order_id,
            "client_order_id": f"pfl-{order_id.hex}",
            "user_id": 1,
            "portfolio_id": uuid.UUID(int=1),
            "account_id": uuid.UUID(int=2),
            "source_kind": "action_execution",
            "source_id": "1",
            "symbol": "AAPL",
            "side": "buy",
            "order_type": "market",
            "time_in_force": "day",
            "quantity": D(10),
            "expires_at": NOW + timedelta(minutes=2),
            "trace_id": uuid.UUID(int=3),
            **changes,
        }
    )


def snapshot(**changes: Any) -> Snapshot:
    """$100,000 of equity, half of it cash, nothing held. Names of limits change the policy."""
    limits = {name: changes.pop(name) for name in list(changes) if name in _LIMITS}
    unknown = set(changes) - _INPUTS
    assert not unknown, unknown
    if limits:
        changes["policy"] = replace(POLICY, **limits)
    return replace(SNAPSHOT, **changes)


def quoted(**changes: Any) -> Snapshot:
    """A snapshot whose AAPL quote differs."""
    quote = replace(QUOTE, **changes)
    return snapshot(quotes={**SNAPSHOT.quotes, "AAPL": quote})


def instrument(**changes: Any) -> Snapshot:
    """A snapshot whose AAPL instrument differs."""
    return snapshot(instruments={**SNAPSHOT.instruments, "AAPL": replace(INSTRUMENT, **changes)})


def flight(**changes: Any) -> InFlight:
    """A buy of 10 AAPL at $100, open at the broker."""
    return InFlight(
        **{
            "order_id": uuid.uuid4(),
            "symbol": "AAPL",
            "side": "buy",
            "remaining": D(10),
            "price": D(100),
            "state": "accepted",
            **changes,
        }
    )


def recent(**changes: Any) -> RecentOrder:
    """A buy of 10 AAPL placed just now."""
    return RecentOrder(
        **{
            "order_id": uuid.uuid4(),
            "symbol": "AAPL",
            "side": "buy",
            "quantity": D(10),
            "at": NOW,
            "source_kind": "manual",
            "source_id": "",
            **changes,
        }
    )
