"""Every list and form of the admin opens, and what only domain functions may write cannot be written there."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ApiToken, User
from alerts.raising import raise_alert
from automation.lifecycle import create_action, execute_now
from common.admin import ReadOnlyAdmin
from common.clock import now
from orders.models import Order
from portfolios.ledger import deposit
from portfolios.models import Portfolio
from tests.site.routes import world_of

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


@pytest.fixture
def boss(ann: User) -> Client:
    world_of(ann)
    User.objects.filter(pk=ann.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(ann, backend="django.contrib.auth.backends.ModelBackend")
    return client


def url(model: type, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_list_opens_and_can_be_searched(boss: Client) -> None:
    wrong = []
    for model in MODELS:
        for query in ("", "?q=a"):
            status = boss.get(url(model, "changelist") + query).status_code
            if status not in (200, 302):
                wrong.append((model._meta.label, query, status))
    assert not wrong


OURS = {"accounts", "agent", "alerts", "automation", "brokers", "common", "live", "markets", "orders", "portfolios",
        "safety", "watches"}  # fmt: skip


def test_every_model_has_a_list_that_says_something() -> None:
    missing, dull = [], []
    for model in apps.get_models():
        if model._meta.app_label not in OURS or model._meta.auto_created:
            continue
        page = admin.site._registry.get(model)
        if page is None:
            missing.append(model._meta.label)
        elif not set(page.list_display) - {"__str__"}:
            dull.append(model._meta.label)
    assert (missing, dull) == ([], [])


def test_lists_ask_the_same_number_of_queries_whatever_their_length(boss: Client, ann: User) -> None:
    def asked() -> dict[str, int]:
        counts = {}
        for model in MODELS:
            with CaptureQueriesContext(connection) as captured:
                boss.get(url(model, "changelist"))
            counts[model._meta.label] = len(captured)
        return counts

    asked()
    few = asked()
    portfolio = Portfolio.objects.get(user=ann)
    moment = now()
    for number in range(6):
        data = {"action_type": "NOTIFY", "symbol": "AAPL", "trigger_type": "price_below", "max_executions": None}
        rule = create_action(user=ann, data={**data, "trigger_params": {"threshold": f"{number + 1}"}}, now=moment,
                             actor="ann")  # fmt: skip
        execute_now(user=ann, action_id=rule.pk, now=moment, actor="ann")
        deposit(portfolio=portfolio, amount=Decimal(1), now=moment)
        raise_alert(user_id=ann.pk, kind="note", title="Hello", now=moment, dedupe_key=f"n{number}")
    many = asked()
    assert {name: (count, many[name]) for name, count in few.items() if many[name] > count} == {}


def test_rows_lead_to_their_page_on_the_dashboard(boss: Client, ann: User) -> None:
    order = Order.objects.filter(portfolio__user=ann).first()
    assert order is not None
    assert f"/orders/{order.pk}/" in boss.get(url(Order, "change", order.pk)).content.decode()
    assert f"/admin/orders/order/{order.pk}/change/" in boss.get(f"/orders/{order.pk}/").content.decode()


def test_every_row_opens(boss: Client) -> None:
    wrong = []
    for model in MODELS:
        row = model._default_manager.order_by("pk").first()
        if row is not None and boss.get(url(model, "change", row.pk)).status_code != 200:
            wrong.append(model._meta.label)
    assert not wrong


def test_read_only_rows_can_be_neither_added_changed_nor_deleted(boss: Client) -> None:
    wrong = []
    for model, page in admin.site._registry.items():
        if not isinstance(page, ReadOnlyAdmin):
            continue
        row = model._default_manager.order_by("pk").first()
        answers = [boss.get(url(model, "add")).status_code]
        if row is not None:
            answers += [
                boss.post(url(model, "change", row.pk), {}).status_code,
                boss.post(url(model, "delete", row.pk), {"post": "yes"}).status_code,
            ]
        if set(answers) != {403}:
            wrong.append((model._meta.label, answers))
    assert not wrong


def test_no_hash_of_a_secret_is_shown(boss: Client) -> None:
    token = ApiToken.objects.get()
    assert token.secret_hash not in boss.get(url(ApiToken, "change", token.pk)).content.decode()


def test_tokens_are_revoked_and_alerts_acknowledged_through_their_domain_functions(boss: Client) -> None:
    from alerts.models import Alert
    from live.models import Event

    token, alert = ApiToken.objects.get(), Alert.objects.get(kind="note")
    chosen = {"action": "revoke", "_selected_action": [str(token.pk)]}
    boss.post(url(ApiToken, "changelist"), chosen)
    chosen = {"action": "acknowledge", "_selected_action": [str(alert.pk)]}
    boss.post(url(Alert, "changelist"), chosen)
    token.refresh_from_db()
    alert.refresh_from_db()
    assert token.revoked_at is not None
    assert alert.acknowledged_at is not None
    assert Event.objects.filter(kind="acknowledged").exists()


def test_strangers_and_users_are_kept_out(bob: User) -> None:
    assert Client().get("/admin/").status_code == 302
    client = Client()
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/admin/accounts/user/").status_code == 302


def test_a_schedule_can_be_made_and_changed(boss: Client) -> None:
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    every = IntervalSchedule.objects.create(every=10, period="seconds")
    assert "site.pulse" in boss.get(url(PeriodicTask, "add")).content.decode()
    form = {"name": "extra pulse", "regtask": "site.pulse", "enabled": "on", "interval": every.pk}
    empty = {"args": "[]", "kwargs": '{"queue": "jobs"}', "headers": "{}", "priority": "", "description": ""}
    made = boss.post(url(PeriodicTask, "add"), {**form, **empty})
    assert made.status_code == 302, made.content.decode()[-3000:]
    assert PeriodicTask.objects.get(name="extra pulse").task == "site.pulse"
