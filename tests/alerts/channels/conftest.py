from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from accounts.models import User
from alerts.channels import keeping
from alerts.models import AlertChannel
from tests.fakes.listener import Listener, listening

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 10:00 in New York
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change the operator's settings; a field key is there."""

    def change(**values: Any) -> None:
        monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, **values))

    change(field_keys=(KEY,))
    return change


@pytest.fixture
def listener(configured: Callable[..., None]) -> Iterator[Listener]:
    """A receiver on loopback that the operator allows."""
    with listening() as found:
        configured(outbound_hosts=(found.host,))
        yield found


@pytest.fixture
def webhook(ann: User, listener: Listener) -> AlertChannel:
    """Ann's webhook to the listener."""
    return make(ann, target=f"{listener.url}/secret/path")


def make(user: User, **fields: Any) -> AlertChannel:
    data = {"name": "hook", "kind": "webhook", **fields}
    return keeping.create(user=user, data=data, now=NOW)[0]
