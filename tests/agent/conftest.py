"""A user whose agent thinks with a scripted model."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from accounts import credentials
from agent.configuring import config_of
from agent.models import AgentConfig, ModelPrice
from common.clock import now
from tests.fakes.llm import ScriptedModel
from tests.orders.making import Desk, open_desk, open_market, quote

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
PROVIDERS = ("anthropic", "openai", "compatible")


@pytest.fixture
def at(db: None) -> datetime:
    return now()


@pytest.fixture
def desk(at: datetime) -> Desk:
    open_market()
    quote("AAPL", "100", at=at)
    quote("MSFT", "400", at=at)
    return open_desk("ada", now=at)


@pytest.fixture
def thinks(desk: Desk, at: datetime, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AgentConfig]:
    """Let the user's agent think with a scripted model over one of the wires."""

    def use(model: ScriptedModel, provider: str, **changes: Any) -> AgentConfig:

        base = {
            "anthropic": {"anthropic_base_url": model.url},
            "openai": {"openai_base_url": f"{model.url}/v1"},
            "compatible": {"llm_base_url": f"{model.url}/v1"},
        }[provider]
        monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, field_keys=(KEY,), **base))
        credentials.store(user=desk.user, kind=provider, secret="sk-canary-0123456789", now=at)
        ModelPrice.objects.get_or_create(
            user=None, provider=provider, model="scripted",
            defaults={"input": 3, "output": 15, "cache_read": Decimal("0.3"), "cache_write": Decimal("3.75"),
                      "updated_at": at},
        )  # fmt: skip
        config = config_of(desk.user, now=at)
        for name, value in {"provider": provider, "model": "scripted", **changes}.items():
            setattr(config, name, value)
        config.save()
        return config

    return use
