"""The demo account: holdings with a past, some cash, rules, a goal, a strategy and a job, so that no page is empty."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from automation.lifecycle import cancel, create_action
from automation.models import Action, ActionStatus
from automation.scheduling.keeping import create_job
from automation.strategies.lifecycle import create_strategy
from common.money import cents
from markets.demo import seed_demo_market
from markets.models import Bar, Quote
from portfolios.goals.changing import create_goal
from portfolios.ledger import deposit, open_position
from portfolios.models import EquityPoint, Portfolio
from puffling_site import demo_wishes
from puffling_site.signup import open_account

USERNAME = "demo"
CASH = Decimal(40_000)
# Dollars in each symbol: under the default limit of 10 % of the portfolio.
HOLDINGS = {"AAPL": 9000, "MSFT": 8500, "IBM": 7500, "GOOG": 8500, "SPY": 9500, "AGG": 9500, "GLD": 7500}
BOUGHT_DAYS_AGO = 400
A_DAY = timedelta(days=1)
CLOSES_AFTER = timedelta(hours=21)  # a daily bar begins at midnight UTC


def seed_demo(*, password: str, now: datetime, seed: int) -> User:
    """Make (or complete) the demo market and the demo account. Running it again changes nothing that exists."""
    seed_demo_market(now=now, seed=seed)
    user = User.objects.filter(username=USERNAME).first()
    if user is not None:
        return user
    with transaction.atomic():
        user = open_account(username=USERNAME, password=password, now=now, cash=Decimal(0), admin=True)
        portfolio = Portfolio.objects.get(user=user, primary=True)
        deposit(portfolio=portfolio, amount=CASH, now=_beginning(now), source_id="opening", note="Opening deposit")
        for symbol, dollars in HOLDINGS.items():
            _hold(portfolio, symbol, Decimal(dollars), now)
        _remember_worth(portfolio, now)
        for data in demo_wishes.rules(HOLDINGS):
            create_action(user=user, data=data, now=now, actor="demo")
        create_goal(user=user, data=demo_wishes.GOAL, now=now, actor="demo")
        create_strategy(user=user, data=demo_wishes.STRATEGY, now=now, actor="demo")
        create_job(user=user, data=demo_wishes.JOB, now=now)
    return user


def cancel_rules(user: User, now: datetime) -> int:
    """End every rule of the demo account that still runs. Returns how many."""
    running = Action.objects.filter(user=user, status__in=(ActionStatus.ACTIVE, ActionStatus.PAUSED))
    for action in running:
        cancel(user=user, action_id=action.id, now=now, actor="demo")
    return len(running)


def _hold(portfolio: Portfolio, symbol: str, dollars: Decimal, now: datetime) -> None:
    """Shares worth `dollars` today, bought over a year ago at that day's close."""
    last = Quote.objects.get(instrument_id=symbol).last
    then = Bar.objects.filter(instrument_id=symbol, timeframe="1d", at__lte=_beginning(now)).order_by("-at").first()
    quantity = (dollars / last).quantize(Decimal(1))
    open_position(
        portfolio=portfolio,
        symbol=symbol,
        quantity=quantity,
        price=then.close if then else last,
        at=then.at if then else now,
        now=_beginning(now),  # what came in then is no gain of today
    )


def _beginning(now: datetime) -> datetime:
    return now - timedelta(days=BOUGHT_DAYS_AGO)


def _remember_worth(portfolio: Portfolio, now: datetime) -> None:
    """What the account was worth at each close since it was opened, so that its curve has a past."""
    held = {holding.instrument_id: holding.quantity for holding in portfolio.holdings.all()}
    bars = Bar.objects.filter(instrument_id__in=held, timeframe="1d", at__gt=_beginning(now), at__lt=now - A_DAY)
    worth: dict[datetime, dict[str, Decimal]] = defaultdict(dict)
    for symbol, at, close in bars.values_list("instrument_id", "at", "close"):
        worth[at][symbol] = held[symbol] * close
    EquityPoint.objects.bulk_create(
        EquityPoint(portfolio=portfolio, at=at + CLOSES_AFTER, equity=cents(sum(values.values(), CASH)), cash=CASH)
        for at, values in sorted(worth.items())
        if len(values) == len(held)
    )
