"""What several job types report about: worth, prices, what fired, what was denied, what comes next. JSON-safe.

Every list is bounded; every number is a decimal as text, every time ISO 8601 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import User
from automation.explaining import explain_many
from automation.models import Action, ActionExecution, ActionStatus, ExecutionState
from automation.scheduling.models import ScheduledJob
from automation.sentences import sentence
from common.money import HUNDRED, plain
from markets import watchlists
from markets.models import Quote
from markets.observables import USABLE_FOR
from orders.models import Order
from orders.states import OrderState
from portfolios import valuing
from portfolios.drawdown import drawdowns
from portfolios.models import Holding, Portfolio

MOST = 20  # of anything in one report
MOST_RULES = 500
HUNDREDTH = Decimal("0.01")


def percent(part: Decimal, whole: Decimal) -> str | None:
    """`part` in percent of `whole`, to two places; None of nothing."""
    return plain((part * HUNDRED / whole).quantize(HUNDREDTH)) if whole else None


def worth(portfolio: Portfolio, *, now: datetime) -> dict[str, Any]:
    """What the portfolio is worth. Values that need a price nobody has are None."""
    found = valuing.value(Portfolio.objects.get(pk=portfolio.pk), now=now)
    below = drawdowns([portfolio.pk]).get(portfolio.pk)
    return {
        "portfolio": str(portfolio.pk),
        "name": portfolio.name,
        "cash": plain(found.cash),
        "equity": None if found.equity is None else plain(found.equity),
        "cash_percent": None if found.equity is None else percent(found.cash, found.equity),
        "day_pnl": None if found.day_pnl is None else plain(found.day_pnl),
        "day_pnl_percent": None if found.day_pnl is None else percent(found.day_pnl, found.day_start_equity),
        "drawdown_percent": None if below is None else plain(below.quantize(HUNDREDTH)),
        "peak_equity": plain(found.peak_equity),
        "unpriced": sorted(found.unpriced),
        "holdings": [
            {
                "symbol": one.symbol,
                "quantity": plain(one.quantity),
                "value": None if one.value is None else plain(one.value),
                "unrealised": None if one.unrealised is None else plain(one.unrealised),
            }
            for one in sorted(found.positions.values(), key=lambda one: -(one.value or Decimal(0)))[:MOST]
        ],
        "holdings_count": len(found.positions),
    }


def followed(user: User) -> list[str]:
    """Symbols the user watches, holds, or has an active rule about."""
    rules = Action.objects.filter(user=user, status=ActionStatus.ACTIVE, instrument__isnull=False)
    held = Holding.objects.filter(portfolio__user=user, quantity__gt=0)
    return sorted(
        {
            *watchlists.of(user).values_list("instrument_id", flat=True),
            *rules.values_list("instrument_id", flat=True),
            *held.values_list("instrument_id", flat=True),
        }
    )


def movers(quotes: Iterable[Quote], *, most: int = MOST) -> list[dict[str, Any]]:
    """The largest changes since the previous close, either way, the largest first."""
    changed = [
        ((quote.last - quote.prev_close) * HUNDRED / quote.prev_close, quote) for quote in quotes if quote.prev_close
    ]
    changed.sort(key=lambda pair: (-abs(pair[0]), pair[1].instrument_id))
    return [
        {"symbol": quote.instrument_id, "last": plain(quote.last), "change_percent": plain(change.quantize(HUNDREDTH))}
        for change, quote in changed[:most]
    ]


def stale(symbols: Iterable[str], quotes: dict[str, Quote], *, now: datetime) -> list[dict[str, Any]]:
    """Symbols without a usable price, and since when."""
    return [
        {"symbol": symbol, "since": quote.at.isoformat() if quote else None}
        for symbol in symbols
        if (quote := quotes.get(symbol)) is None or now - quote.received_at > USABLE_FOR
    ]


def nearest(user: User, *, now: datetime, most: int = MOST) -> list[dict[str, Any]]:
    """Active rules by how far their symbol's price is from firing them, the nearest first."""
    rules = list(
        Action.objects.filter(user=user, status=ActionStatus.ACTIVE, instrument__isnull=False).order_by("-created_at")[
            :MOST_RULES
        ]
    )
    explained = explain_many(rules, now=now)
    found = [(explained[rule.pk], rule) for rule in rules if explained[rule.pk].distance_percent is not None]
    found.sort(key=lambda pair: pair[0].distance_percent or Decimal(0))
    return [
        {
            "action": str(rule.pk),
            "symbol": rule.instrument_id,
            "sentence": one.sentence,
            "firing_price": None if one.firing_price is None else plain(one.firing_price),
            "distance_percent": plain((one.distance_percent or Decimal(0)).quantize(HUNDREDTH)),
        }
        for one, rule in found[:most]
    ]


def fired(user: User, *, since: datetime, now: datetime) -> list[dict[str, Any]]:
    """What the user's rules did since, the newest first."""
    rows = ActionExecution.objects.filter(action__user=user, triggered_at__gt=since, triggered_at__lte=now)
    newest = rows.select_related("action").order_by("-triggered_at")[:MOST]
    return [
        {
            "at": row.triggered_at.isoformat(),
            "action": str(row.action_id),
            "sentence": sentence(row.action),
            "state": row.state,
            "why": row.error or row.reason_code,
        }
        for row in newest
    ]


def denied(user: User, *, since: datetime, now: datetime) -> list[dict[str, Any]]:
    """Orders our gate denied and the broker rejected since, with the reason, the newest first."""
    rows = Order.objects.filter(
        portfolio__user=user,
        decided_at__gt=since,
        decided_at__lte=now,
        state__in=[OrderState.BLOCKED, OrderState.REJECTED],
    )
    return [
        {
            "at": row.decided_at.isoformat(),
            "order": str(row.pk),
            "symbol": row.instrument_id,
            "side": row.side,
            "what": "denied" if row.state == OrderState.BLOCKED else "rejected",
            "code": row.reason_code,
            "reason": row.reason,
        }
        for row in rows.order_by("-decided_at")[:MOST]
    ]


def failures(user: User, *, since: datetime, now: datetime) -> int:
    """How many firings failed since."""
    rows = ActionExecution.objects.filter(action__user=user, triggered_at__gt=since, triggered_at__lte=now)
    return rows.filter(state=ExecutionState.FAILED).count()


def coming_up(user: User, *, now: datetime, within: timedelta = timedelta(days=7)) -> list[dict[str, Any]]:
    """What the clock will do next: rules and jobs with a time, the soonest first."""
    until = now + within
    rules = Action.objects.filter(user=user, status=ActionStatus.ACTIVE, next_evaluation_at__range=(now, until))
    jobs = ScheduledJob.objects.filter(user=user, next_due_at__range=(now, until))
    found = [
        *((rule.next_evaluation_at, "rule", sentence(rule)) for rule in rules.order_by("next_evaluation_at")[:MOST]),
        *((job.next_due_at, "job", job.name) for job in jobs.order_by("next_due_at")[:MOST]),
    ]
    found.sort(key=lambda one: (one[0] or until, one[2]))
    return [{"at": at.isoformat(), "kind": kind, "what": what} for at, kind, what in found[:MOST] if at]
