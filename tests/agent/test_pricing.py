"""The common prices that come with the installation."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import get_args

import pytest
from anthropic.types.model import Model
from django.apps import apps
from openai.types.shared.chat_model import ChatModel

from agent.models import ModelPrice

SHIPPED = import_module("agent.migrations.0003_news_and_prices")


@pytest.mark.django_db
def test_common_prices_are_added_and_never_written_over() -> None:
    ModelPrice.objects.all().delete()
    SHIPPED.add_prices(apps, None)
    mine = ModelPrice.objects.get(provider="anthropic", model="claude-sonnet-5-5")
    assert (mine.user, mine.input, mine.output, mine.cache_read) == (None, 2, 10, Decimal("0.10"))
    ModelPrice.objects.filter(pk=mine.pk).update(input=7)
    SHIPPED.add_prices(apps, None)
    mine.refresh_from_db()
    assert mine.input == 7
    assert ModelPrice.objects.count() == len(SHIPPED.PRICES)


def test_they_are_of_models_that_the_sdks_know_and_make_sense() -> None:
    known = {"anthropic": set(get_args(get_args(Model)[0])), "openai": set(get_args(ChatModel))}
    for provider, model, *dollars in SHIPPED.PRICES:
        assert model in known[provider]
        given, written, read, kept = map(Decimal, dollars)
        assert 0 < read < given <= kept < written
