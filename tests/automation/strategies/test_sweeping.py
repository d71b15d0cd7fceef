"""The sweeper acts in time, the feed listens to what strategies need, and coarse bars are put together."""

from __future__ import annotations

from datetime import timedelta

from django.test import Client
from django.urls import reverse

from accounts.models import User
from automation.strategies import sweeping
from automation.strategies.lifecycle import update_strategy
from automation.strategies.models import Strategy, StrategyRun
from orders.models import Order
from tests.automation.making import bars
from tests.automation.strategies.making import MIDNIGHT, SOON, UP, daily, judge, standing, strategy, trading
from tests.orders.making import Desk, quote


def test_one_pass_acts_and_settles(desk: Desk) -> None:
    daily("AAPL", UP)
    made = trading(desk)
    judge(made)
    quote("AAPL", "100", at=SOON)
    sweeping.sweep(SOON)
    sweeping.sweep(SOON + timedelta(seconds=1))
    assert Order.objects.get().state == "filled"
    assert standing(made).applied is not None


def test_what_no_worker_ran_is_run_within_a_minute_or_so(desk: Desk) -> None:
    daily("AAPL", UP)
    strategy(desk)
    for seconds in range(55, 70):
        sweeping.sweep(MIDNIGHT + timedelta(seconds=seconds))
    assert StrategyRun.objects.count() == 1


def test_the_feed_listens_to_enabled_strategies(desk: Desk) -> None:
    made = strategy(desk, symbols=["AAPL", "MSFT"])
    assert sweeping.symbols() == {"AAPL", "MSFT"}
    update_strategy(user=desk.user, strategy_id=made.pk, changes={"enabled": False}, now=SOON, actor="ada")
    assert sweeping.symbols() == set()


def test_intraday_bars_are_judged_as_they_close(desk: Desk) -> None:
    at = MIDNIGHT + timedelta(hours=3)
    bars("AAPL", "1m", at - timedelta(minutes=1), [100 + n / 10 for n in range(60)])
    made = strategy(desk, timeframe="5m", params={"lookback": 4}, now=at)
    run = judge(made, at=at + timedelta(seconds=5))
    assert run is not None and (run.bar_at, run.closed_at, run.changed) == (at - timedelta(minutes=5), at, 1)
    assert float(made.signals.get().close) == 105.9


def test_the_admin_switches_through_the_domain(desk: Desk) -> None:
    made = strategy(desk)
    boss = User.objects.create_superuser(username="boss", password="long-enough-1")
    client = Client()
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    data = {"action": "switch_off", "_selected_action": [str(made.pk)]}
    client.post(reverse("admin:automation_strategy_changelist"), data)
    made.refresh_from_db()
    assert (made.enabled, made.version) == (False, 2)
    assert Strategy.objects.get().versions.get(version=2).actor == "boss (admin)"
