"""Orders in the admin: shown, cancelled, never edited."""

import pytest
from django.urls import reverse

from accounts.models import User
from orders.models import Order
from orders.placing import place
from orders.submitting import submit_many
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(client):
    client.force_login(User.objects.create_superuser("root", password="long-enough-1"))
    return client


@pytest.fixture
def order(desk) -> Order:
    order = place(desk.intent(), now=NOW)
    submit_many([order.pk], now=NOW)
    return order


def test_every_list_and_the_order_open(site, order, desk):
    for model in ("orders_order", "orders_ordertransition", "orders_fill", "orders_mismatch"):
        assert site.get(reverse(f"admin:{model}_changelist")).status_code == 200
    for model in ("brokers_brokeraccount", "brokers_paperorder", "brokers_paperfill"):
        assert site.get(reverse(f"admin:{model}_changelist")).status_code == 200
    page = site.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert "submitting" in page
    assert "100.01" in page
    assert site.get(reverse("admin:brokers_brokeraccount_change", args=[desk.account.pk])).status_code == 200


def test_an_order_cannot_be_edited_or_deleted(site, order):
    assert site.post(reverse("admin:orders_order_change", args=[order.pk]), {"state": "queued"}).status_code == 403
    assert site.post(reverse("admin:orders_order_delete", args=[order.pk]), {"post": "yes"}).status_code == 403
    assert site.get(reverse("admin:orders_order_add")).status_code == 403


def test_the_cancel_action(site, desk, order):
    waiting = place(desk.intent(symbol="MSFT"), now=NOW)
    chosen = {"action": "cancel_orders", "_selected_action": [str(waiting.pk), str(order.pk)]}
    answer = site.post(reverse("admin:orders_order_changelist"), chosen, follow=True).content.decode()
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    assert f"{waiting.pk}: cancelled" in answer
    assert "there is nothing left to cancel" in answer
