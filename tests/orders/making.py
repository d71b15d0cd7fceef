"""A small trading desk for tests: a user with a paper account, symbols that trade around the clock, quotes."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import redis
from django.conf import settings

from accounts.models import User
from brokers.models import BrokerAccount
from brokers.opening import open_paper_account
from common.ids import new_id
from markets import calendar
from markets.models import Instrument, MarketSession
from markets.quoting import record_ticks
from markets.types import Tick
from orders import snapshot as snapshots
from orders.placing import client_order_id
from orders.types import OrderIntent
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from safety import gate, switch
from safety.gate import ApprovedOrder
from safety.models import SafetyPolicy
from safety.policies import ensure_policy
from safety.switch import ensure_switches
from safety.types import ProposedOrder

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
D = Decimal
SYMBOLS = ("AAPL", "MSFT", "NVDA", "TSLA")
# Wide enough that only what a test is about can deny.
WIDE = {
    "max_daily_trades": 1_000_000,
    "max_position_pct": D(1000),
    "max_order_notional_pct": D(1000),
    "max_gross_pct": D(1000),
    "max_open_orders": 1_000_000,
    "daily_turnover_pct": D(1000),
    "large_order_pct": D(1000),
    "duplicate_window_seconds": 0,
    "loop_round_trips": 0,
}


@dataclass
class Desk:
    """One user's portfolio and account."""

    user: User
    portfolio: Portfolio
    account: BrokerAccount

    def intent(self, **changes: Any) -> OrderIntent:
        """Buy 10 AAPL at the market, by a rule, under a fresh key."""
        return intent_for(changes.pop("portfolio_id", self.portfolio.pk), **changes)


def intent_for(portfolio_id: UUID, **changes: Any) -> OrderIntent:
    """Buy 10 AAPL at the market, by a rule, under a fresh key."""
    execution = new_id()
    values: dict[str, Any] = {
        "portfolio_id": portfolio_id,
        "source_kind": "action_execution",
        "source_id": str(execution),
        "idempotency_key": f"test:{execution}",
        "symbol": "AAPL",
        "side": "buy",
        "expires_at": None,
    }
    if not {"notional", "percent_of_position", "percent_of_equity"} & set(changes):
        values["quantity"] = D(10)
    return OrderIntent(**{**values, **changes})


def open_market(*symbols: str, day: date = date(2026, 11, 20), fractionable: bool = True) -> None:
    """The demo exchange's sessions around `day` and instruments on it."""
    calendar.ensure_exchanges()
    sessions = calendar.demo_sessions(day - timedelta(days=3), day + timedelta(days=7))
    MarketSession.objects.bulk_create(sessions, ignore_conflicts=True)
    calendar.forget()
    Instrument.objects.bulk_create(
        [
            Instrument(symbol=symbol, name=symbol, exchange_id=calendar.DEMO, demo=True, fractionable=fractionable)
            for symbol in symbols or SYMBOLS
        ],
        ignore_conflicts=True,
    )


def quote(symbol: str, price: str | Decimal, *, at: datetime = NOW, spread: str = "0.02") -> None:
    """The feed says `price`, half the spread to each side."""
    last, half = D(price), D(spread) / 2
    tick = Tick(
        symbol=symbol,
        price=last,
        bid=last - half,
        ask=last + half,
        size=D(100),
        volume=D(1000),
        at=at,
        source="test",
        session="regular",
        session_open=last,
        prev_close=last,
        session_date=at.date(),
    )
    result = record_ticks(ticks=[tick], now=at)
    assert result.recorded == 1, result


def open_desk(name: str, *, cash: str | Decimal = "100000", now: datetime = NOW, **policy: Any) -> Desk:
    """A user with a paper account and wide limits."""
    user = User.objects.create_user(username=name, password="long-enough-1")
    ensure_policy(user)
    ensure_switches(user)
    SafetyPolicy.objects.filter(user=user).update(**{**WIDE, **policy})
    portfolio = open_portfolio(user=user, name="Main", cash=D(cash), now=now, primary=True)
    account = open_paper_account(portfolio=portfolio)
    BrokerAccount.objects.filter(pk=account.pk).update(slippage_bps=0)
    account.refresh_from_db()
    return Desk(user=user, portfolio=portfolio, account=account)


def approved(desk: Desk, *, now: datetime = NOW, **changes: Any) -> ApprovedOrder:
    """An order the real gate admitted, without a row of ours: 10 AAPL at the market unless changed."""
    order_id = new_id()
    values: dict[str, Any] = {
        "order_id": order_id,
        "client_order_id": client_order_id(order_id),
        "user_id": desk.user.pk,
        "portfolio_id": desk.portfolio.pk,
        "account_id": desk.account.pk,
        "source_kind": "manual",
        "source_id": "1",
        "symbol": "AAPL",
        "side": "buy",
        "order_type": "market",
        "time_in_force": "day",
        "quantity": D(10),
        "expires_at": now + timedelta(minutes=2),
        "trace_id": new_id(),
    }
    proposed = ProposedOrder(**{**values, **changes})
    switches = switch.load(desk.user.pk)
    snapshot = snapshots.take(desk.portfolio, desk.account, symbols=[proposed.symbol], switches=switches, now=now)
    verdict, admitted = gate.decide(proposed, snapshot)
    assert admitted, verdict.denial
    return admitted


def messages(queue: str = "trading") -> list[tuple[str, dict[str, Any]]]:
    """The Celery messages waiting in a queue, as (task, kwargs)."""
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    found = []
    for raw in client.lrange(queue, 0, -1):
        message = json.loads(raw)
        body = json.loads(base64.b64decode(message["body"]))
        found.append((message["headers"]["task"], body[1]))
    return found[::-1]


def forget_messages(queue: str = "trading") -> None:
    redis.Redis.from_url(settings.CELERY_BROKER_URL).delete(queue)
