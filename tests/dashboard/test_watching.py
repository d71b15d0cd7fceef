"""Alerts, limits, kill and resume."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from alerts.models import Alert
from alerts.raising import raise_alert
from common.clock import now
from common.heartbeats import beat
from dashboard.selectors.watching import health_of
from orders.placing import place
from safety.models import SafetyEvent, Switch
from tests.orders.making import Desk


def alert(desk: Desk, title: str, kind: str = "note") -> Alert:
    made = raise_alert(user_id=desk.user.pk, kind=kind, title=title, now=now(), dedupe_key=title)
    assert made
    return made


def test_alerts_are_listed_and_filtered(site: Client, desk: Desk) -> None:
    alert(desk, "First", "fill")
    seen = alert(desk, "Second")
    site.post(f"/alerts/{seen.pk}/acknowledge/")
    assert [a.alert.title for a in site.get("/alerts/").context["rows"]] == ["Second", "First"]
    assert [a.alert.title for a in site.get("/alerts/", {"kind": "fill"}).context["rows"]] == ["First"]
    assert [a.alert.title for a in site.get("/alerts/", {"open": "1"}).context["rows"]] == ["First"]


def test_the_count_in_the_navigation_falls(site: Client, desk: Desk) -> None:
    for number in range(3):
        alert(desk, str(number))
    assert site.get("/parts/unread/").content.decode().strip() == "3"
    answer = site.post("/alerts/acknowledge/", follow=True)
    assert "3 alerts acknowledged" in answer.content.decode()
    assert site.get("/parts/unread/").content.decode().strip() == ""


def test_titles_are_text_not_markup(site: Client, desk: Desk) -> None:
    alert(desk, "<script>alert(1)</script>")
    assert "<script>alert(1)" not in site.get("/").content.decode()
    assert "&lt;script&gt;" in site.get("/alerts/").content.decode()


def test_every_limit_is_shown_with_its_meaning(site: Client, desk: Desk) -> None:
    limits = {limit.name: limit for limit in site.get("/safety/").context["limits"]}
    assert limits["Max position"].value == "1000%"
    assert limits["Large order amount"].value == "off"
    assert limits["Quote max age"].value == "15 s"
    assert all(limit.meaning for limit in limits.values())


@pytest.mark.django_db(transaction=True)
def test_kill_cancels_and_shows_on_every_page(site: Client, desk: Desk) -> None:
    order = place(desk.intent(), now=now())
    asked = site.get("/safety/kill/")
    assert "Stop all trading?" in asked.content.decode()
    assert not Switch.objects.filter(killed=True).exists()
    answer = site.post("/safety/kill/", {"reason": "strange prices", "next": "/orders/"}, follow=True)
    assert "1 cancelled" in answer.content.decode()
    order.refresh_from_db()
    assert order.state == "cancelled"
    for path in ("/", "/actions/", "/safety/"):
        page = site.get(path).content.decode()
        assert "Kill switch is on" in page, path
        assert "strange prices" in page, path
    assert SafetyEvent.objects.filter(kind="kill", user=desk.user, actor="ada").exists()


@pytest.mark.django_db(transaction=True)
def test_resume_needs_the_word(site: Client, desk: Desk) -> None:
    site.post("/safety/kill/", {"reason": "test"})
    answer = site.post("/safety/resume/", {"word": "please"}, follow=True)
    assert "type RESUME" in answer.content.decode()
    assert "Kill switch is on" in answer.content.decode()
    answer = site.post("/safety/resume/", {"word": "RESUME"}, follow=True)
    assert "Trading is on again" in answer.content.decode()
    assert "Kill switch is on" not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_one_users_kill_is_not_anothers(site: Client, desk: Desk, other: Desk, client: Client) -> None:
    site.post("/safety/kill/", {"reason": "mine"})
    client.force_login(other.user, backend="django.contrib.auth.backends.ModelBackend")
    assert "Kill switch is on" not in client.get("/").content.decode()


def test_health_counts_the_workers_as_one(site: Client, desk: Desk) -> None:
    moment = now()
    for process, seconds in (("feed:demo", 1), ("queue:jobs", 3), ("queue:ticks", 90)):
        beat(process, now=moment - timedelta(seconds=seconds))
    beats = {b["process"]: round(b["age"]) for b in health_of(desk.user, now=moment)["beats"]}
    assert beats == {"feed:demo": 1, "workers": 90}
    assert "Workers" in site.get("/parts/health/").content.decode()
