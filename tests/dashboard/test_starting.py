"""The guided start: from a price to a rule that fired, and out of it again."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.guiding import is_offered
from accounts.models import GuidedStart
from automation.models import Action
from common.clock import now
from orders.submitting import submit_waiting
from tests.automation.making import carry_out, see
from tests.dashboard.making import rule, signed_in
from tests.orders.making import D, Desk


def text_of(site: Client, path: str = "/start/") -> str:
    answer = site.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def arm(site: Client, kind: str = "NOTIFY", symbol: str = "AAPL") -> str:
    answer = site.post("/start/arm/", {"symbol": symbol, "kind": kind}, follow=True)
    return answer.content.decode()


def fire(action: Action) -> None:
    """The price gets there, and the engine does what it does."""
    at = now()
    assert see(D(action.trigger_params["threshold"]), at=at) == 1
    carry_out(now=at)
    submit_waiting(now=at, limit=10)
    carry_out(now=at)


def test_the_overview_offers_it_until_it_is_put_off_or_finished(site: Client, desk: Desk) -> None:
    assert "See a rule fire" in text_of(site, "/")
    assert site.post("/start/later/", follow=True).status_code == 200
    assert "See a rule fire" not in text_of(site, "/")
    assert not is_offered(desk.user)
    site.post("/start/again/")
    assert "See a rule fire" in text_of(site, "/")
    site.post("/start/finish/")
    assert "See a rule fire" not in text_of(site, "/")


def test_prices_to_choose_and_the_rules_they_lead_to(site: Client) -> None:
    assert "symbol=AAPL" in text_of(site)
    offered = text_of(site, "/start/?symbol=AAPL")
    assert "Tell me when AAPL is at or below $99.80." in offered
    assert "Buy 1 AAPL when AAPL is at or below $99.80." in offered


def test_without_a_moving_price_it_says_where_to_look(site: Client, desk: Desk) -> None:
    from markets.models import Quote

    Quote.objects.all().delete()
    assert "No price is moving right now" in text_of(site)


@pytest.mark.parametrize("query", ["?symbol=NOPE", "?symbol=%3Cb%3E"])
def test_a_symbol_without_a_price_leads_back(site: Client, query: str) -> None:
    answer = site.get(f"/start/{query}", follow=True)
    assert answer.status_code == 200
    assert "Which price shall the rule watch?" in answer.content.decode()


def test_another_kind_is_refused(site: Client) -> None:
    assert "is not offered here" in arm(site, kind="SELL")
    assert not Action.objects.exists()


def test_armed_then_nearer_then_fired(site: Client, desk: Desk) -> None:
    assert "Armed. Every price that arrives" in arm(site)
    action = Action.objects.get(user=desk.user)
    site.post("/start/nearer/")
    action.refresh_from_db()
    assert action.trigger_params["threshold"] == "99.95"
    fire(action)
    page = text_of(site)
    assert "It fired, and did what it says." in page
    assert "You were told" in page
    assert "Where to go from here" in page


def test_a_buy_goes_through_the_gate_and_fills(site: Client, desk: Desk) -> None:
    arm(site, kind="BUY")
    fire(Action.objects.get(user=desk.user))
    page = text_of(site)
    assert "The safety gate looked" in page
    assert "checks passed" in page
    assert "1 AAPL at $" in page


def test_a_denied_buy_says_why(site: Client, desk: Desk) -> None:
    from safety.models import SafetyPolicy

    arm(site, kind="BUY")
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    fire(Action.objects.get(user=desk.user))
    page = text_of(site)
    assert "did not get through: blocked" in page
    assert "Nothing was bought" in page


def test_a_rule_that_was_cancelled_can_be_begun_again(site: Client, desk: Desk) -> None:
    arm(site)
    action = Action.objects.get(user=desk.user)
    site.post(f"/actions/{action.pk}/cancel/")
    assert "ended before it fired" in text_of(site)
    site.post("/start/again/")
    assert "Which price shall the rule watch?" in text_of(site)


def test_nearer_without_a_rule_changes_nothing(site: Client) -> None:
    assert site.post("/start/nearer/").status_code == 302
    assert not GuidedStart.objects.exists()


def test_another_users_rule_is_not_shown(site: Client, desk: Desk, other: Desk) -> None:
    theirs = rule(desk)
    GuidedStart.objects.create(user=other.user, action_id=theirs.pk, updated_at=now())
    assert "Which price shall the rule watch?" in text_of(signed_in(other))


def test_queries_are_constant(site: Client, desk: Desk) -> None:
    arm(site)
    fire(Action.objects.get(user=desk.user))
    text_of(site)
    with CaptureQueriesContext(connection) as captured:
        text_of(site)
    assert len(captured) <= 22
