"""The list of rules, what can be done with them, and one rule's page."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.test import Client

from automation import lifecycle
from automation.models import ActionExecution
from common.clock import now
from orders.placing import place
from tests.dashboard.making import rule
from tests.orders.making import Desk


def listed(site: Client, **query: str) -> set[str]:
    return {row.action.name for row in site.get("/actions/", query).context["rows"]}


def test_filters(site: Client, desk: Desk) -> None:
    rule(desk, name="buy")
    rule(desk, name="msft", symbol="MSFT")
    rule(desk, name="tell", action_type="NOTIFY", quantity=None)
    site.post(f"/actions/{rule(desk, name='gone').pk}/cancel/")
    site.post(f"/actions/{rule(desk, name='resting').pk}/pause/")
    assert listed(site) == {"buy", "msft", "tell", "resting"}
    assert listed(site, status="all") == {"buy", "msft", "tell", "resting", "gone"}
    assert listed(site, status="paused") == {"resting"}
    assert listed(site, status="nonsense") == listed(site)
    assert listed(site, symbol="msft") == {"msft"}
    assert listed(site, action_type="NOTIFY") == {"tell"}


def test_pages_keep_the_filter(site: Client, desk: Desk) -> None:
    for number in range(27):
        rule(desk, name=str(number))
    first = site.get("/actions/", {"symbol": "AAPL"})
    assert len(first.context["rows"]) == 25
    assert "?symbol=AAPL&amp;page=2" in first.content.decode()
    assert listed(site, symbol="AAPL", page="2") == {"0", "1"}
    assert listed(site, page="99") == {"0", "1"}


def test_the_empty_page_teaches(site: Client, desk: Desk) -> None:
    assert "Make the first rule" in site.get("/actions/").content.decode()
    assert "No rule matches" in site.get("/actions/", {"symbol": "ZZZ"}).content.decode()


def test_a_row_shows_distance_and_firing_price(site: Client, desk: Desk) -> None:
    rule(desk)
    page = site.get("/actions/").content.decode()
    assert "10.00% to $90.00" in page
    assert "0/1" in page


def test_pause_resume_cancel(site: Client, desk: Desk) -> None:
    action = rule(desk)
    for verb, status in (("pause", "paused"), ("resume", "active"), ("cancel", "cancelled")):
        answer = site.post(f"/actions/{action.pk}/{verb}/", {"next": "/actions/"}, follow=True)
        assert answer.redirect_chain == [("/actions/", 302)]
        action.refresh_from_db()
        assert action.status == status
    answer = site.post(f"/actions/{action.pk}/resume/", follow=True)
    assert "it cannot become active" in answer.content.decode()


def test_execute_now_fires_once(site: Client, desk: Desk) -> None:
    action = rule(desk)
    site.post(f"/actions/{action.pk}/execute/")
    answer = site.post(f"/actions/{action.pk}/execute/", follow=True)
    assert ActionExecution.objects.get().cause == "manual"
    assert "1 of 1 executions" in answer.content.decode()


def test_search_trigger_and_order(site: Client, desk: Desk) -> None:
    rule(desk, name="far", trigger_params={"threshold": "50"})
    rule(desk, name="near", trigger_params={"threshold": "99"})
    rule(desk, name="stop", symbol="MSFT", trigger_type="trailing_stop", trigger_params={"percent": "8"},
         action_type="NOTIFY", quantity=None, notes="the long game")  # fmt: skip
    assert listed(site, q="LONG game") == {"stop"}
    assert listed(site, q="apple near") <= {"near"}
    assert listed(site, q="nothing like it") == set()
    assert listed(site, trigger_type="trailing_stop") == {"stop"}
    ordered = [row.action.name for row in site.get("/actions/", {"sort": "nearest", "symbol": "AAPL"}).context["rows"]]
    assert ordered == ["near", "far"]
    for sort in ("fired", "next", "symbol", "nonsense"):
        assert listed(site, sort=sort) == {"far", "near", "stop"}


def test_bulk_resume_and_cancel_tell_what_was_refused(site: Client, desk: Desk) -> None:
    resting, gone, busy = rule(desk), rule(desk), rule(desk)
    for each in (resting, gone):
        lifecycle.pause(user=desk.user, action_id=each.pk, now=now(), actor="ada")
    gone.refresh_from_db()
    gone.valid_until = now() - timedelta(minutes=1)
    gone.save()
    ids = [str(each.pk) for each in (resting, gone, busy)]
    page = site.post("/actions/bulk/", {"action": ids, "verb": "resume"}, follow=True).content.decode()
    assert "1 rule resumed" in page
    assert "valid_until has passed" in page
    page = site.post("/actions/bulk/", {"action": ids, "verb": "cancel"}, follow=True).content.decode()
    assert "3 rules cancelled" in page
    assert "could not be read" in site.post("/actions/bulk/", {"verb": "erase"}, follow=True).content.decode()


def test_bulk_pause_pauses_only_ones_own(site: Client, desk: Desk, other: Desk) -> None:
    mine, theirs = [rule(desk), rule(desk)], rule(other)
    answer = site.post("/actions/bulk/", {"action": [str(a.pk) for a in (*mine, theirs)]}, follow=True)
    assert "2 rules paused" in answer.content.decode()
    theirs.refresh_from_db()
    assert theirs.status == "active"
    assert "could not be read" in site.post("/actions/bulk/", {"action": "x"}, follow=True).content.decode()


def test_the_page_of_a_rule_tells_its_story(site: Client, desk: Desk) -> None:
    action = rule(desk)
    execution = lifecycle.execute_now(user=desk.user, action_id=action.pk, now=now(), actor="ada")
    order = place(desk.intent(source_id=str(execution.pk)), now=now())
    page = site.get(f"/actions/{action.pk}/").content.decode()
    assert "Buy 10 AAPL when AAPL is at or below $90." in page
    assert "executed by ada" in page or "ada" in page
    assert str(execution.trace_id) in page
    assert f"/orders/{order.pk}/" in page
    assert "Each check of the safety gate" in page
    assert "Version 1" in page


def test_a_chart_needs_bars(site: Client, desk: Desk) -> None:
    action = rule(desk)
    assert site.get(f"/actions/{action.pk}/").context["chart"]["points"] == []
    tell = rule(desk, action_type="NOTIFY", quantity=None, symbol=None, trigger_type="time_of_day",
                trigger_params={"time": "15:00"})  # fmt: skip
    assert site.get(f"/actions/{tell.pk}/").status_code == 200


def test_what_if(site: Client, desk: Desk) -> None:
    action = rule(desk)
    fires = site.post(f"/actions/{action.pk}/simulate/", {"price": "89"}, headers={"HX-Request": "true"})
    assert "It would fire" in fires.content.decode()
    assert "<html" not in fires.content.decode()
    quiet = site.post(f"/actions/{action.pk}/simulate/", {"price": "95"}).content.decode()
    assert "It would not fire" in quiet
    assert "<html" in quiet, "without htmx it is a page"
    wrong = site.post(f"/actions/{action.pk}/simulate/", {"price": "low"}).content.decode()
    assert "&#x27;low&#x27; is not a number" in wrong
    assert not ActionExecution.objects.exists()


def test_what_if_asks_for_what_decides(site: Client, desk: Desk) -> None:
    change = rule(desk, trigger_type="change_pct", trigger_params={"change": "5"})
    clock = rule(desk, trigger_type="time_of_day", trigger_params={"time": "15:00"})
    assert list(site.get(f"/actions/{change.pk}/").context["what_if_form"].fields) == [
        "price",
        "prev_close",
        "session_open",
    ]
    assert list(site.get(f"/actions/{clock.pk}/").context["what_if_form"].fields) == ["at"]
    due = clock.next_evaluation_at
    assert due is not None
    at = due.astimezone(ZoneInfo(desk.user.time_zone))
    answer = site.post(f"/actions/{clock.pk}/simulate/", {"at": f"{at:%Y-%m-%dT%H:%M}"}).content.decode()
    assert "It would fire" in answer


def test_a_rules_page_shows_its_conflicts(site: Client, desk: Desk) -> None:
    one, two = rule(desk), rule(desk)
    page = site.get(f"/actions/{one.pk}/").content.decode()
    assert "The very same rule exists once already" in page
    assert f'href="/actions/{two.pk}/"' in page
    assert page.count("(this one)") == 1
