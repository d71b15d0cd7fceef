"""The rows that benches write by hand fit the tables as they are now."""

from __future__ import annotations

import pytest

from automation.models import Action
from bench import loading, storm
from watches.models import Watch


@pytest.mark.django_db
def test_rules_of_every_kind_are_written() -> None:
    names = loading.load_market(3)
    (portfolio,) = loading.open_accounts(1)
    loading.load_rules(120, names, portfolio)
    assert Action.objects.filter(portfolio=portfolio, status="active").count() == 120
    assert Action.objects.values("trigger_type").distinct().count() > 3
    assert Watch.objects.count() >= 120


@pytest.mark.django_db
def test_a_storm_is_written() -> None:
    names = loading.load_market(4)
    portfolios = loading.open_accounts(2)
    storm.load(portfolios, names)
    assert Action.objects.count() == Watch.objects.count() == 8
