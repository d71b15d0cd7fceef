"""Alerts told by calls and by goals: signals of strategies, and drift out of a band."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from accounts.models import User
from alerts.models import AlertConfig
from alerts.signals import SignalSeen, signals_emitted
from automation.evaluating import evaluate_values
from automation.strategies.models import Strategy
from common.errors import InvalidInput
from portfolios.models import PortfolioGoal
from tests.alerts.making import config, fresh, state, told, watch_of
from tests.automation.making import MINUTE, D, S
from tests.automation.strategies.making import DOWN, SOON, UP, daily, judge, open_days, strategy
from tests.orders.making import NOW, SYMBOLS, Desk, open_desk, open_market, quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> Desk:
    open_market()
    for symbol in SYMBOLS:
        quote(symbol, "100")
    return open_desk("ada")


def made(desk: Desk) -> Strategy:
    return strategy(desk, name="Trend")


def signal_alert(user: User, about: Strategy, **condition: str) -> AlertConfig:
    return config(user, {"strategy": str(about.id), **condition}, alert_type="signal")


def seen(about: Strategy, symbol: str = "AAPL", side: str = "buy", *, user_id: int | None = None) -> SignalSeen:
    return SignalSeen(
        user_id=user_id or about.user_id,
        strategy_id=about.id,
        strategy_name=about.name,
        symbol=symbol,
        side=side,
        value=D("0.5") if side == "buy" else D(0),
        at=NOW,
    )


def test_each_hears_what_fits_in_one_alert(desk):
    trend = made(desk)
    every, buys, apple = (
        signal_alert(desk.user, trend),
        signal_alert(desk.user, trend, side="buy"),
        signal_alert(desk.user, trend, side="sell", symbol="AAPL"),
    )
    assert signals_emitted([seen(trend), seen(trend, "MSFT"), seen(trend, "NVDA", "sell")], now=NOW) == 2
    assert [alert.title for alert in told(every)] == ["Trend signals buy for AAPL, MSFT and sell for NVDA"]
    assert [alert.title for alert in told(buys)] == ["Trend signals buy for AAPL, MSFT"]
    assert told(apple) == []
    assert signals_emitted([seen(trend, side="sell")], now=NOW + S) == 2
    (found,) = told(apple)
    assert (found.kind, found.symbol, found.title) == ("signal", "AAPL", "Trend signals sell for AAPL")
    assert found.body == "AAPL: sell, signal 0 at 2026-11-20 15:00 UTC."


def test_a_cooldown_and_once_are_kept(desk):
    trend = made(desk)
    cool = config(desk.user, {"strategy": str(trend.id)}, alert_type="signal", cooldown_seconds=60)
    once = config(desk.user, {"strategy": str(trend.id)}, alert_type="signal", repeats=False)
    assert signals_emitted([seen(trend)], now=NOW) == 2
    assert signals_emitted([seen(trend)], now=NOW + 59 * S) == 0
    assert (state(cool, now=NOW + 59 * S), state(once)) == ("cooling", "done")
    assert signals_emitted([seen(trend)], now=NOW + 60 * S) == 1
    assert (len(told(cool)), len(told(once)), fresh(cool).fired_count) == (2, 1, 2)


def test_signals_of_others_are_not_heard(desk):
    other = open_desk("bob")
    trend = made(desk)
    with pytest.raises(InvalidInput, match="is not one of your strategies"):
        signal_alert(other.user, trend)
    alert = signal_alert(desk.user, trend)
    AlertConfig.objects.filter(id=alert.id).update(user=other.user)
    assert signals_emitted([seen(trend)], now=NOW) == 0


def test_many_listeners_cost_as_many_statements_as_one(desk, django_assert_max_num_queries):
    trend = made(desk)
    pattern = signal_alert(desk.user, trend)
    names = [f.attname for f in AlertConfig._meta.concrete_fields if f.attname != "id"]
    rows = [AlertConfig(**{name: getattr(pattern, name) for name in names}) for _ in range(1000)]
    AlertConfig.objects.bulk_create(rows)
    with django_assert_max_num_queries(14):
        assert signals_emitted([seen(trend), seen(trend, "MSFT")], now=NOW) == 1001


def test_a_strategy_that_turns_is_told_once(desk):
    open_days()
    trend = made(desk)
    alert = signal_alert(desk.user, trend, side="buy")
    daily("AAPL", [float(close) for close in DOWN + UP])
    assert judge(trend) is not None
    judge(trend, at=SOON + timedelta(minutes=5))
    assert [row.title for row in told(alert)] == ["Trend signals buy for AAPL"]
    Strategy.objects.filter(id=trend.id).update(enabled=False, archived_at=NOW)
    assert state(alert) == "unknown"


# --- goals
def goal(desk: Desk) -> PortfolioGoal:
    return PortfolioGoal.objects.create(
        portfolio=desk.portfolio, name="60/40", target_weights={"AAPL": "1"}, created_at=NOW, updated_at=NOW
    )


def drift(of: UUID, *values: int) -> list[int]:
    """Percent of the band, one a minute; how many alerts each caused."""
    (series,) = {watch_of(c).series for c in AlertConfig.objects.filter(subject=of)}
    at = [NOW + n * MINUTE for n in range(1, len(values) + 1)]
    return [evaluate_values({series.id: D(v)}, at=t, now=t).told for t, v in zip(at, values, strict=True)]


def test_a_goal_out_of_its_band_is_told_once_until_it_is_back(desk):
    sixty = goal(desk)
    alert = config(desk.user, {"goal": str(sixty.id)}, alert_type="rebalance")
    assert state(alert) == "unknown"
    assert drift(sixty.id, 80, 100, 101, 150, 100, 120) == [0, 0, 1, 0, 0, 1]
    (first, _) = told(alert)
    assert (first.kind, first.title) == ("rebalance", "The goal has drifted out of its band")
    assert first.body == "Seen: 101 % against 100 % at 2026-11-20 15:03:00 UTC."


def test_anothers_goal_is_unknown_and_a_deleted_one_says_so(desk):
    sixty = goal(desk)
    with pytest.raises(InvalidInput, match="is not one of your goals"):
        config(open_desk("bob").user, {"goal": str(sixty.id)}, alert_type="rebalance")
    alert = config(desk.user, {"goal": str(sixty.id)}, alert_type="rebalance")
    PortfolioGoal.objects.filter(id=sixty.id).update(enabled=False, archived_at=NOW)
    assert state(alert) == "unknown"
