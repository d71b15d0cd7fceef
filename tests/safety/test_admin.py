"""The admin changes limits and switches through the same functions."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import User
from portfolios.models import Portfolio
from safety import switch
from safety.models import SafetyEvent, SafetyPolicy, Switch
from safety.policies import ensure_policy
from tests.safety.conftest import PASSWORD
from tests.safety.making import NOW


@pytest.fixture
def site(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


def form(policy: SafetyPolicy, **changes: Any) -> dict[str, Any]:
    values = {name: getattr(policy, name) for name in changes_of()}
    values = {name: "[]" if value == [] else value for name, value in values.items() if value not in (None, False)}
    return {**values, **changes}


def changes_of() -> list[str]:
    from safety.limits import FIELDS

    return list(FIELDS)


def test_limits_change_as_everywhere(site: Client, ann: User) -> None:
    policy = ensure_policy(ann)
    url = f"/admin/safety/safetypolicy/{policy.pk}/change/"
    assert site.get(url).status_code == 200
    assert site.post(url, form(policy, max_daily_trades=5)).status_code == 302
    policy.refresh_from_db()
    assert (policy.max_daily_trades, policy.version) == (5, 2)
    event = SafetyEvent.objects.get()
    assert (event.user, event.actor, event.after) == (ann, "admin root", {"max_daily_trades": 5, "version": 2})
    refused = site.post(url, form(policy, max_daily_trades=50))
    assert "needs" not in str(refused.status_code)
    assert "This loosens your limits" in refused.content.decode()
    assert site.post(url, form(policy, max_daily_trades=50, current_password=PASSWORD)).status_code == 302
    policy.refresh_from_db()
    assert policy.max_daily_trades == 50


def act(site: Client, action: str, row: Switch) -> None:
    answer = site.post("/admin/safety/switch/", {"action": action, "_selected_action": [row.pk]})
    assert answer.status_code == 302


def test_switches_only_get_stricter_here(site: Client, ann: User) -> None:
    switch.ensure_switches(ann)
    row = Switch.objects.get(scope="user", user=ann)
    act(site, "halt", row)
    act(site, "reduce", row)
    assert switch.view(user_id=ann.pk).trading_state == "halted"
    everything = Switch.objects.get(scope="global")
    act(site, "reduce", everything)
    everything.refresh_from_db()
    assert (everything.trading_state, everything.changed_by) == ("reducing", "admin root")


def test_logs_and_books_can_only_be_looked_at(site: Client, ann: User, portfolio: Portfolio) -> None:
    switch.set_trading_state(scope="user", user=ann, state="halted", actor="ann", now=NOW)
    for model in admin.site._registry:
        if model._meta.app_label not in ("safety", "portfolios"):
            continue
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert site.get(base).status_code == 200
        assert site.get(base + "add/").status_code == 403
        first = model._default_manager.first()
        if first is not None:
            assert site.get(f"{base}{first.pk}/change/").status_code == 200
            assert site.post(f"{base}{first.pk}/delete/", {"post": "yes"}).status_code == 403


def test_auditing_in_the_admin(site: Client, portfolio: Portfolio) -> None:
    data = {"action": "audit", "_selected_action": [str(portfolio.pk)]}
    page = site.post("/admin/portfolios/portfolio/", data, follow=True)
    assert "Main: the books agree." in page.content.decode()
