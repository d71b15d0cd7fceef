"""Losses stop trading by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from alerts.models import Alert
from portfolios.models import EquityPoint, Portfolio
from portfolios.opening import open_portfolio
from portfolios.valuing import day_start
from safety import switch
from safety.breakers import apply_breakers
from safety.models import Switch
from safety.tripping import trip_breakers
from tests.safety.making import NOW, POLICY, D


@pytest.mark.parametrize(
    ("equity", "began", "peak", "state", "expected"),
    [
        ("98000.01", 100_000, 100_000, "active", None),
        ("98000", 100_000, 100_000, "active", ("reducing", "DAILY_LOSS")),
        ("98000", 100_000, 100_000, "reducing", None),
        ("96000.01", 100_000, 100_000, "active", ("reducing", "DAILY_LOSS")),
        ("96000", 100_000, 100_000, "reducing", ("halted", "DAILY_LOSS")),
        ("96000", 100_000, 100_000, "halted", None),
        ("90000.01", 90_000, 100_000, "active", None),
        ("90000", 90_000, 100_000, "active", ("halted", "DRAWDOWN")),
        ("0", 0, 0, "active", None),
        (None, 100_000, 100_000, "active", None),
    ],
)
def test_what_losses_ask_for(
    equity: str | None, began: int, peak: int, state: str, expected: tuple[str, str] | None
) -> None:
    breach = apply_breakers(
        policy=POLICY,
        equity=None if equity is None else D(equity),
        day_start_equity=Decimal(began),
        peak_equity=Decimal(peak),
        state=state,
    )
    assert (breach and (breach.state, breach.code)) == expected


def test_a_limit_of_0_stops_at_the_first_cent() -> None:
    policy = replace(POLICY, daily_loss_reduce_pct=D(0))
    values = {"policy": policy, "day_start_equity": D(100), "peak_equity": D(100), "state": "active"}
    assert apply_breakers(equity=D(100), **values) is None  # type: ignore[arg-type]
    assert apply_breakers(equity=D("99.99"), **values) is not None  # type: ignore[arg-type]


@pytest.fixture
def worth(portfolio: Portfolio) -> Portfolio:
    """Worth $100,000 when this day and the next one began."""
    Portfolio.objects.update(cash=98_000)
    Portfolio.objects.filter(pk=portfolio.pk).update(peak_equity=100_000)
    yesterday = day_start(NOW) - timedelta(hours=1)
    EquityPoint.objects.create(portfolio=portfolio, at=yesterday, equity=0, cash=0)  # the deposit came after it
    return portfolio


def state(portfolio: Portfolio) -> str:
    return switch.view(user_id=portfolio.user_id, portfolio_id=portfolio.pk).trading_state


def test_a_bad_day_reduces_and_ends_with_the_day(worth: Portfolio, bob: User) -> None:
    other = open_portfolio(user=bob, name="Main", cash=D(5), now=NOW)
    assert trip_breakers(NOW) == 1
    assert trip_breakers(NOW + timedelta(minutes=1)) == 0
    assert (state(worth), state(other)) == ("reducing", "active")
    alert = Alert.objects.get()
    assert (alert.user, alert.severity, alert.title) == (worth.user, "critical", "Main reduces positions only")
    assert "lost 2.00 % today" in alert.body
    EquityPoint.objects.create(portfolio=worth, at=NOW, equity=98_000, cash=98_000)
    assert trip_breakers(NOW + timedelta(days=1)) == 1
    assert state(worth) == "active"


def test_a_halt_stays_until_a_person_lifts_it(worth: Portfolio) -> None:
    Portfolio.objects.update(cash=95_000)
    assert trip_breakers(NOW) == 1
    assert state(worth) == "halted"
    EquityPoint.objects.create(portfolio=worth, at=NOW, equity=95_000, cash=95_000)
    assert trip_breakers(NOW + timedelta(days=1)) == 0
    assert state(worth) == "halted"


def test_what_a_person_set_is_not_lifted(worth: Portfolio) -> None:
    switch.set_trading_state(
        scope=Switch.Scope.PORTFOLIO,
        scope_id=str(worth.pk),
        user=worth.user,
        state="reducing",
        actor="ann",
        now=NOW - timedelta(days=9),
    )
    Portfolio.objects.update(cash=100_000)
    assert trip_breakers(NOW) == 0
    assert state(worth) == "reducing"
