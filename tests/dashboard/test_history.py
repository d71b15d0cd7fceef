"""Why it did not trade: two clicks from the list, in words, on the reader's clock."""

from __future__ import annotations

import re
from datetime import timedelta

from django.test import Client

from accounts.models import User
from automation import evaluating, executing, lifecycle
from automation.models import Trace
from common.clock import now
from dashboard.templatetags.show import moments
from safety.models import SafetyPolicy
from tests.dashboard.making import rule
from tests.orders.making import Desk, quote


def denied(desk: Desk):
    """A rule whose order was denied a moment ago."""
    SafetyPolicy.objects.filter(user=desk.user).update(symbol_blacklist=["AAPL"])
    action = rule(desk)
    quote("AAPL", "90", at=now())
    evaluating.evaluate_quotes(now=now())
    executing.execute_pending(now=now())
    return action


def test_two_clicks_from_the_list_to_the_whole_history(site: Client, desk: Desk) -> None:
    action = denied(desk)
    assert f'href="/actions/{action.pk}/"' in site.get("/actions/").content.decode()
    page = site.get(f"/actions/{action.pk}/").content.decode()
    assert "Why didn’t it trade?" in page
    first = re.search(r'<p class="strong">([^<]+)</p>', page)
    assert first and first[1].startswith("Fired, but not traded: the safety gate denied the order")
    assert f'href="/actions/{action.pk}/history/"' in page
    history = site.get(f"/actions/{action.pk}/history/").content.decode()
    for words in (
        "Denied",
        "Tries again on the same level at",
        "AAPL 90.00 is at or below 90.00: fired",
        "Made by ada",
    ):
        assert words in history
    assert "symbol_allowed" in history
    assert " UTC:" not in history


def test_the_history_can_be_narrowed(site: Client, desk: Desk) -> None:
    action = denied(desk)
    path = f"/actions/{action.pk}/history/"

    def labels(**query: str) -> list[str]:
        return [row.label for row in site.get(path, query).context["rows"].object_list]

    assert labels(show="stops") == ["Denied"]
    assert labels(show="firings") == ["Fired"]
    trace = str(action.executions.get().trace_id)
    assert labels(trace=trace) == ["Denied", "Fired"]
    assert labels(trace="nonsense") == labels()


def test_an_order_leads_to_how_the_rule_came_to_it_and_back(site: Client, desk: Desk) -> None:
    action = rule(desk)
    lifecycle.execute_now(user=desk.user, action_id=action.pk, now=now(), actor="ada")
    executing.execute_pending(now=now())
    trace = action.executions.get().trace_id
    history = site.get(f"/actions/{action.pk}/history/", {"trace": str(trace)})
    (order,) = history.context["rows"].object_list[0].orders
    assert f'href="/orders/{order.pk}/"' in history.content.decode()
    assert f"/actions/{action.pk}/history/?trace={trace}" in site.get(f"/orders/{order.pk}/").content.decode()


def test_watched_hours_stand_between_the_entries(site: Client, desk: Desk) -> None:
    action = rule(desk)
    Trace.objects.filter(action=action).update(at=now() - timedelta(hours=2), last_at=now() - timedelta(hours=2))
    page = site.get(f"/actions/{action.pk}/history/")
    rows = page.context["rows"].object_list
    assert [bool(row.watched) for row in rows][-2:] == [False, False]
    assert all(row.watched for row in rows[:-2]) and len(rows) > 3
    assert "minutes of AAPL: no usable price" in page.content.decode()


def test_long_histories_have_pages(site: Client, desk: Desk) -> None:
    action = rule(desk)
    for number in range(45):
        lifecycle.update_action(
            user=desk.user, action_id=action.pk, changes={"notes": str(number)}, now=now(), actor="ada"
        )
    assert "page=2" in site.get(f"/actions/{action.pk}/history/").content.decode()
    older = site.get(f"/actions/{action.pk}/history/", {"page": "2"})
    assert "Made by ada" in older.content.decode()


def test_another_users_history_does_not_exist(site: Client, other: Desk) -> None:
    assert site.get(f"/actions/{rule(other).pk}/history/").status_code == 404


def test_moments_in_a_sentence_are_on_the_readers_clock(site: Client, desk: Desk) -> None:
    User.objects.filter(pk=desk.user.pk).update(time_zone="Asia/Tokyo")
    action = rule(desk, valid_from="2099-01-05T15:00:00Z")
    page = site.get(f"/actions/{action.pk}/").content.decode()
    assert "it is watched from 06 Jan 2099, 00:00:00." in page


def test_a_sentence_without_a_moment_stays_as_it_is() -> None:
    assert moments("AAPL <b> 2026-11-20") == "AAPL <b> 2026-11-20"
