"""Set the trading state that losses ask for, and tell the user. The gate's own loss checks work without this."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from alerts.models import Alert
from alerts.raising import raise_alert
from portfolios.models import Portfolio
from portfolios.valuing import day_start, value
from safety import switch
from safety.breakers import Breach, apply_breakers
from safety.models import Switch, TradingState
from safety.policies import policy_for

log = logging.getLogger(__name__)
ACTOR = "breaker"


def trip_breakers(now: datetime) -> int:
    """Tighten each portfolio whose losses ask for it; end yesterday's REDUCING. Returns how many changed."""
    return sum(trip_one(portfolio, now=now) for portfolio in Portfolio.objects.select_related("user").order_by("id"))


def trip_one(portfolio: Portfolio, *, now: datetime) -> bool:
    """One portfolio; whether its trading state changed.

    REDUCING that a day's loss caused ends with that day. HALTED ends when a person says so.
    """
    state = switch.load(portfolio.user_id).state(Switch.Scope.PORTFOLIO.value, str(portfolio.pk))
    valuation = value(portfolio, now=now)
    breach = apply_breakers(
        policy=policy_for(portfolio),
        equity=valuation.equity,
        day_start_equity=valuation.day_start_equity,
        peak_equity=valuation.peak_equity,
        state=state,
    )
    if breach is not None:
        _set(portfolio, breach.state, breach.message, now)
        _tell(portfolio, breach, now)
        return True
    if state == TradingState.REDUCING and _from_an_earlier_day(portfolio, now):
        _set(portfolio, TradingState.ACTIVE.value, "A new trading day began.", now)
        return True
    return False


def _set(portfolio: Portfolio, state: str, reason: str, now: datetime) -> None:
    try:
        switch.set_trading_state(
            scope=Switch.Scope.PORTFOLIO,
            scope_id=str(portfolio.pk),
            user=portfolio.user,
            state=state,
            reason=reason,
            actor=ACTOR,
            now=now,
        )
    except switch.NotDrained:
        # The state is set; the submission still under way was judged by the same loss limits.
        log.warning("portfolio %s is %s, an earlier submission is still under way", portfolio.pk, state)


def _tell(portfolio: Portfolio, breach: Breach, now: datetime) -> None:
    what = "reduces positions only" if breach.state == "reducing" else "is halted"
    advice = (
        "It opens positions again tomorrow."
        if breach.state == "reducing"
        else "Look at it. To trade on, raise the limit and set trading to active on the Safety page."
    )
    with transaction.atomic():
        raise_alert(
            user_id=portfolio.user_id,
            kind=Alert.Kind.SAFETY,
            severity=Alert.Severity.CRITICAL,
            title=f"{portfolio.name} {what}",
            body=f"{breach.message} {advice}",
            data={"portfolio": str(portfolio.pk), "code": breach.code, "trading_state": breach.state},
            dedupe_key=f"breaker:{portfolio.pk}:{breach.code}:{breach.state}:{day_start(now):%Y-%m-%d}",
            now=now,
        )


def _from_an_earlier_day(portfolio: Portfolio, now: datetime) -> bool:
    return Switch.objects.filter(
        scope=Switch.Scope.PORTFOLIO, scope_id=str(portfolio.pk), changed_by=ACTOR, changed_at__lt=day_start(now)
    ).exists()
