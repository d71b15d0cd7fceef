"""The demo account: holdings, some cash, and a few rules of different kinds, so that no page is empty."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from automation.lifecycle import cancel, create_action
from automation.models import Action, ActionStatus
from markets.demo import seed_demo_market
from markets.models import Bar, Quote
from portfolios.ledger import open_position
from portfolios.models import Portfolio
from puffling_site.signup import open_account

USERNAME = "demo"
CASH = Decimal(40_000)
# Dollars in each symbol: under the default limit of 10 % of the portfolio.
HOLDINGS = {"AAPL": 9000, "MSFT": 8500, "IBM": 7500, "GOOG": 8500, "SPY": 9500, "AGG": 9500, "GLD": 7500}
BOUGHT_DAYS_AGO = 400


def seed_demo(*, password: str, now: datetime, seed: int) -> User:
    """Make (or complete) the demo market and the demo account. Running it again changes nothing that exists."""
    seed_demo_market(now=now, seed=seed)
    user = User.objects.filter(username=USERNAME).first()
    if user is not None:
        return user
    with transaction.atomic():
        user = open_account(username=USERNAME, password=password, now=now, cash=CASH, admin=True)
        portfolio = Portfolio.objects.get(user=user, primary=True)
        for symbol, dollars in HOLDINGS.items():
            _hold(portfolio, symbol, Decimal(dollars), now)
        for data in rules():
            create_action(user=user, data=data, now=now, actor="demo")
    return user


def cancel_rules(user: User, now: datetime) -> int:
    """End every rule of the demo account that still runs. Returns how many."""
    running = Action.objects.filter(user=user, status__in=(ActionStatus.ACTIVE, ActionStatus.PAUSED))
    for action in running:
        cancel(user=user, action_id=action.id, now=now, actor="demo")
    return len(running)


def rules() -> list[dict[str, Any]]:
    """Rules as a person would write them, around the standing demo prices."""
    price = {quote.instrument_id: quote.last for quote in Quote.objects.filter(instrument_id__in=HOLDINGS)}

    def near(symbol: str, percent: str) -> str:
        return str((price[symbol] * (1 + Decimal(percent) / 100)).quantize(Decimal("0.01")))

    return [
        {
            "name": "Protect the Apple gain",
            "action_type": "SELL",
            "symbol": "AAPL",
            "percent_of_position": "50",
            "trigger_type": "trailing_stop",
            "trigger_params": {"percent": "8"},
            "notes": "Half goes when it falls 8 % from its high.",
        },
        {
            "name": "Buy the Google dip",
            "action_type": "BUY",
            "symbol": "GOOG",
            "amount_usd": "500",
            "trigger_type": "price_below",
            "trigger_params": {"threshold": near("GOOG", "-1.5"), "edge": "cross"},
            "max_executions": 3,
            "cooldown_seconds": 3600,
        },
        {
            "name": "Take profit on IBM",
            "action_type": "SELL",
            "symbol": "IBM",
            "quantity": "5",
            "trigger_type": "price_above",
            "trigger_params": {"threshold": near("IBM", "3")},
            "order_type": "limit",
            "limit_offset": "-0.10",
        },
        {
            "name": "Microsoft moves",
            "action_type": "NOTIFY",
            "symbol": "MSFT",
            "trigger_type": "change_pct",
            "trigger_params": {"change": "0.5", "direction": "either", "window": "1d"},
            "max_executions": None,
            "cooldown_seconds": 1800,
            "message": "Microsoft moved half a percent since yesterday's close.",
        },
        {
            "name": "Golden cross of the index",
            "action_type": "NOTIFY",
            "symbol": "SPY",
            "trigger_type": "ma_cross",
            "trigger_params": {"short": 50, "long": 200},
            "max_executions": None,
        },
        {
            "name": "Look at the day",
            "action_type": "NOTIFY",
            "symbol": "SPY",
            "trigger_type": "time_of_day",
            "trigger_params": {"time": "16:00", "timezone": "America/New_York", "trading_days_only": False},
            "max_executions": None,
            "message": "Four o'clock in New York: look at the day.",
        },
    ]


def _hold(portfolio: Portfolio, symbol: str, dollars: Decimal, now: datetime) -> None:
    """Shares worth `dollars` today, bought over a year ago at that day's close."""
    last = Quote.objects.get(instrument_id=symbol).last
    then = (
        Bar.objects.filter(instrument_id=symbol, timeframe="1d", at__lte=now - timedelta(days=BOUGHT_DAYS_AGO))
        .order_by("-at")
        .first()
    )
    quantity = (dollars / last).quantize(Decimal(1))
    open_position(
        portfolio=portfolio,
        symbol=symbol,
        quantity=quantity,
        price=then.close if then else last,
        at=then.at if then else now,
        now=now,
    )
