"""Limits with what-if, trading states, the audit log."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client

from common.clock import now
from common.ids import new_id
from orders.placing import place
from safety.audit import append
from safety.chain import user_chain
from safety.limits import FIELDS
from safety.models import AuditChain, PolicyVersion, SafetyPolicy, Switch
from safety.policies import update_policy
from tests.orders.making import Desk

PASSWORD = "long-enough-1"


def typed(site: Client, **changes: str) -> dict[str, str]:
    """The form as the page fills it, with some inputs changed."""
    form = site.get("/safety/limits/").context["form"]
    return {bound.name: bound.value() for bound in form.limits} | changes


def test_the_form_is_filled_with_what_holds_and_saves_only_what_changed(site: Client, desk: Desk) -> None:
    answer = site.post("/safety/limits/", typed(site), follow=True)
    assert SafetyPolicy.objects.get(user=desk.user).version == 1
    answer = site.post("/safety/limits/", typed(site, max_daily_trades="5", symbol_blacklist="gme, amc"), follow=True)
    assert "Your limits are saved" in answer.content.decode()
    policy = SafetyPolicy.objects.get(user=desk.user)
    assert (policy.max_daily_trades, policy.symbol_blacklist, policy.version) == (5, ["AMC", "GME"], 2)
    page = answer.content.decode()
    assert "Version 2" in page
    assert "Max daily trades: 1000000 → 5" in page


def test_loosening_asks_for_the_password(site: Client, desk: Desk) -> None:
    SafetyPolicy.objects.update(max_daily_trades=5)
    refused = site.post("/safety/limits/", typed(site, max_daily_trades="6"))
    assert refused.status_code == 400
    assert "send your password" in refused.content.decode()
    site.post("/safety/limits/", typed(site, max_daily_trades="6", current_password=PASSWORD))
    assert SafetyPolicy.objects.get().max_daily_trades == 6


def test_what_cannot_be_used_is_said_beside_the_input(site: Client, desk: Desk) -> None:
    refused = site.post("/safety/limits/", typed(site, max_position_pct="ten", large_order_amount="-1"))
    form = refused.context["form"]
    assert "'ten' is not a number" in form["max_position_pct"].errors[0]
    assert form["large_order_amount"].errors
    assert form["max_position_pct"].value() == "ten"


def test_what_if_lists_the_orders_and_saves_nothing(site: Client, desk: Desk) -> None:
    place(desk.intent(), now=now())
    place(desk.intent(quantity=Decimal(1), symbol="MSFT"), now=now())
    changed = typed(site, max_order_notional_pct="0.5")
    for headers in ({}, {"HX-Request": "true"}):
        page = site.post("/safety/what-if/", changed, headers=headers).content.decode()
        assert "Of 2 orders" in page
        assert "<strong>1</strong> <span>would have been blocked" in page
        assert "Buy 10 AAPL" in page
        assert "MSFT" not in page
        assert ("<!doctype html>" in page) is not bool(headers)
    assert "No limit differs" in site.post("/safety/what-if/", typed(site)).content.decode()
    assert "is not a number" in site.post("/safety/what-if/", typed(site, max_gross_pct="x")).content.decode()
    assert SafetyPolicy.objects.get().version == 1


def test_the_page_is_about_the_primary_portfolios_own_limits_if_it_has_some(site: Client, desk: Desk) -> None:
    update_policy(user=desk.user, changes={"max_daily_trades": 7}, actor="ada", now=now(), portfolio=desk.portfolio)
    page = site.get("/safety/limits/")
    assert "Limits of Main" in page.content.decode()
    site.post("/safety/limits/", typed(site, max_daily_trades="6"))
    assert SafetyPolicy.objects.get(portfolio=desk.portfolio).max_daily_trades == 6
    assert PolicyVersion.objects.filter(portfolio=desk.portfolio).count() == 2


def test_trading_is_halted_at_once_and_freed_with_the_password(site: Client, desk: Desk) -> None:
    where = {"portfolio": str(desk.portfolio.pk)}
    site.post("/safety/state/", {**where, "trading_state": "halted"})
    row = Switch.objects.get(scope="portfolio")
    assert (row.trading_state, row.changed_by) == ("halted", "ada")
    refused = site.post("/safety/state/", {**where, "trading_state": "active"}, follow=True)
    assert "send your password" in refused.content.decode()
    site.post("/safety/state/", {**where, "trading_state": "active", "current_password": PASSWORD})
    row.refresh_from_db()
    assert row.trading_state == "active"
    assert site.post("/safety/state/", {"portfolio": "none", "trading_state": "halted"}).status_code == 404


def test_the_audit_log_is_read_and_filtered(site: Client, desk: Desk, other: Desk) -> None:
    order = place(desk.intent(), now=now())
    place(other.intent(symbol="TSLA"), now=now())
    site.post("/safety/limits/", typed(site, max_daily_trades="5"))
    rows = site.get("/safety/audit/").context["rows"]
    assert [(entry.kind, entry.actor) for entry in rows] == [("policy", "ada"), ("order", "engine")]
    page = site.get("/safety/audit/", {"kind": "order"}).content.decode()
    assert f"/orders/{order.pk}/" in page
    assert "Proposed → Queued" in page
    assert "TSLA" not in page
    assert list(site.get("/safety/audit/", {"subject": "nobody"}).context["rows"]) == []


def test_damage_is_shown(site: Client, desk: Desk) -> None:
    append(user_chain(desk.user.pk), [])
    place(desk.intent(), now=now())
    assert "1 entries" in site.get("/safety/").content.decode()
    AuditChain.objects.update(damage="Entry 1 was changed.")
    for path in ("/safety/", "/safety/audit/"):
        page = site.get(path).content.decode()
        assert "The log is damaged" in page
        assert "Entry 1 was changed." in page


@pytest.mark.django_db(transaction=True)
def test_a_kill_report_is_kept_and_shown(site: Client, desk: Desk) -> None:
    place(desk.intent(), now=now())
    site.post("/safety/kill/", {"reason": "strange prices"})
    page = site.get("/safety/").content.decode()
    assert "Kill report" in page
    assert "1 cancelled, 0 filled meanwhile." in page


def test_one_portfolio_or_the_agent_is_stopped_and_resumed_by_itself(site: Client, desk: Desk, other: Desk) -> None:
    part = {"scope": "portfolio", "scope_id": str(desk.portfolio.pk)}
    assert "Stop Main?" in site.get("/safety/kill/", part).content.decode()
    with_commit = site.get("/safety/kill/", {"scope": "agent", "scope_id": str(desk.user.pk)})
    assert "Stop The agent?" in with_commit.content.decode()
    theirs = {"scope": "portfolio", "scope_id": str(other.portfolio.pk)}
    for method in (site.get, site.post):
        assert method("/safety/kill/", theirs).status_code == 404
        assert method("/safety/kill/", {"scope": "action", "scope_id": str(new_id())}).status_code == 404
    assert site.post("/safety/resume/", {**theirs, "word": "RESUME"}).status_code == 404


def test_the_page_says_what_real_money_takes(site: Client) -> None:
    page = site.get("/safety/").content.decode()
    assert "Trading is active" in page
    assert "none is connected: every account here is a paper account." in page


def test_limits_are_grouped_and_complete(site: Client) -> None:
    form = site.get("/safety/limits/").context["form"]
    assert sorted(field.name for _, _, fields in form.groups for field in fields) == sorted(FIELDS)
    assert 'type="range"' in site.get("/safety/limits/").content.decode()
