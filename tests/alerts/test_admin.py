"""The admin changes alert configs through the same functions as the API."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from alerts.models import AlertConfig
from common.clock import now
from tests.alerts.making import config, fresh, watch_of
from tests.orders.making import open_market, quote
from watches import machine
from watches.models import Watch

pytestmark = pytest.mark.django_db
LIST = "/admin/alerts/alertconfig/"


@pytest.fixture
def site(ann: User) -> Client:
    open_market(day=now().date())
    quote("AAPL", "100", at=now())
    root = User.objects.create_superuser("root", password="a long enough pass-phrase 3")
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_switching_off_and_on_and_deleting(site: Client, ann: User) -> None:
    made = config(ann, now=now())

    def do(action: str) -> None:
        site.post(LIST, {"action": action, "_selected_action": [str(made.pk)]})

    do("disable")
    assert (fresh(made).enabled, watch_of(made).phase) == (False, machine.OFF)
    do("enable")
    assert (fresh(made).enabled, watch_of(made).phase, watch_of(made).epoch) == (True, machine.ARMED, 3)
    assert "AAPL is at or above $110" in site.get(LIST).content.decode()
    page = site.get(f"{LIST}{made.pk}/change/").content.decode()
    assert "armed. Tell me when AAPL is at or above $110." in page
    do("forget")
    assert not AlertConfig.objects.exists()
    assert not Watch.objects.exists()
