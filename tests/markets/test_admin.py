"""Every model is in the admin; what processes write cannot be edited there; moves go through the domain function."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from markets import calendar
from markets.models import DemoPriceOverride, Instrument, MarketSession
from markets.quoting import record_ticks
from tests.markets.conftest import NOW, TODAY

MODELS = list(apps.get_app_config("markets").get_models())


@pytest.fixture
def office(admin_client, stocks, tick):
    record_ticks(ticks=[tick("100")], now=NOW)
    MarketSession.objects.bulk_create(calendar.demo_sessions(TODAY, TODAY))
    return admin_client


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens(office, model):
    assert model in admin.site._registry
    assert office.get(reverse(f"admin:markets_{model._meta.model_name}_changelist")).status_code == 200


@pytest.mark.parametrize("name", ["quote", "bar"])
def test_what_feeds_write_is_read_only(office, name):
    assert office.get(reverse(f"admin:markets_{name}_add")).status_code == 403


def test_a_move_from_the_admin(office):
    url = reverse("admin:markets_demopriceoverride_add")
    office.post(url, {"instrument": "AAPL", "price": "150.25", "hold_seconds": "30"})
    assert DemoPriceOverride.objects.get().price == Decimal("150.25")
    Instrument.objects.filter(pk="SPY").update(demo=False)
    answer = office.post(url, {"instrument": "SPY", "price": "150.25", "hold_seconds": "30"})
    assert "only demo instruments can be moved" in answer.content.decode()
    assert DemoPriceOverride.objects.count() == 1


def test_an_edited_session_counts_at_once(office):
    session = MarketSession.objects.get()
    assert calendar.is_open("DEMO", NOW)
    office.post(
        reverse("admin:markets_marketsession_change", args=[session.pk]),
        {"exchange": "DEMO", "date": "2026-11-20", "opens_at_0": "2026-11-20", "opens_at_1": "05:00",
         "closes_at_0": "2026-11-20", "closes_at_1": "14:00"},
    )  # fmt: skip
    assert not calendar.is_open("DEMO", NOW)
