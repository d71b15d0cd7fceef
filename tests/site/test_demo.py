"""The demo account: something on every page, and nothing that looks like a loss or a gain of today."""

from __future__ import annotations

from decimal import Decimal

import pytest

from automation.models import Action, ScheduledJob, Strategy
from common.clock import now
from portfolios.models import Portfolio, PortfolioGoal
from portfolios.valuing import value
from puffling_site.demo import seed_demo


@pytest.mark.django_db
def test_it_has_a_past_wishes_and_no_gain_of_today() -> None:
    moment = now()
    user = seed_demo(password="long-enough-1", now=moment, seed=7)
    portfolio = Portfolio.objects.get(user=user)
    worth = value(portfolio, now=moment)
    assert worth.equity is not None and worth.day_pnl is not None
    assert abs(worth.equity - 100_000) < 3_000
    assert abs(worth.day_pnl) < 3_000
    assert portfolio.equity_points.count() > 200
    assert Action.objects.filter(user=user).count() == 6
    assert Strategy.objects.get(user=user).mode == "monitor"
    assert ScheduledJob.objects.get(user=user).enabled
    goal = PortfolioGoal.objects.get(portfolio=portfolio)
    assert sum(map(Decimal, goal.target_weights.values())) == 1
    before = Action.objects.count(), portfolio.equity_points.count()
    assert seed_demo(password="another-1234", now=moment, seed=7) == user
    assert (Action.objects.count(), portfolio.equity_points.count()) == before
