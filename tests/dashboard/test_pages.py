"""Every page: for its owner only, with the right words, and without an unsafe method changing anything."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from alerts.raising import raise_alert
from common.clock import now
from orders.placing import place
from tests.dashboard.making import rule, signed_in
from tests.orders.making import Desk

PAGES = [
    "overview",
    "actions",
    "action-new",
    "orders",
    "portfolio",
    "alerts",
    "safety",
    "kill",
    "monitoring",
    "actions-file",
    "templates",
    "goals",
    "strategies",
    "settings",
    "start",
]
PARTS = ["worth", "holdings", "orders", "next", "alerts", "health", "unread", "killed"]


@pytest.mark.parametrize("page", PAGES)
def test_owner_sees_every_page(site: Client, page: str) -> None:
    answer = site.get(reverse(f"dashboard:{page}"))
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_fragments(site: Client, part: str) -> None:
    answer = site.get(reverse("dashboard:part", args=[part]))
    assert answer.status_code == 200
    assert b"<html" not in answer.content


def test_unknown_part_is_not_found(site: Client) -> None:
    assert site.get("/parts/nothing/").status_code == 404


def test_what_belongs_to_somebody_else_does_not_exist(desk: Desk, other: Desk) -> None:
    action = rule(desk)
    order = place(desk.intent(), now=now())
    alert = raise_alert(user_id=desk.user.pk, kind="note", title="Mine", now=now(), dedupe_key="x")
    assert alert
    stranger = signed_in(other)
    for path in (
        f"/actions/{action.pk}/",
        f"/actions/{action.pk}/edit/",
        f"/actions/{action.pk}/evidence/",
        f"/orders/{order.pk}/",
    ):
        assert stranger.get(path).status_code == 404, path
    for path in (
        *(
            f"/actions/{action.pk}/{verb}/"
            for verb in ("pause", "resume", "cancel", "execute", "edit", "simulate", "mode")
        ),
        f"/actions/{action.pk}/versions/1/restore/",
        *(f"/orders/{order.pk}/{verb}/" for verb in ("cancel", "approve", "decline")),
        f"/alerts/{alert.pk}/acknowledge/",
    ):
        assert stranger.post(path).status_code == 404, path
    for path in ("/", "/portfolio/"):
        assert stranger.get(path, {"portfolio": str(desk.portfolio.pk)}).status_code == 404, path
    assert b"Mine" not in stranger.get("/alerts/").content
    assert str(action.pk) not in stranger.get("/actions/").content.decode()
    assert str(order.pk) not in stranger.get("/orders/").content.decode()
    action.refresh_from_db()
    assert action.status == "active"


def test_posts_need_the_csrf_token(desk: Desk) -> None:
    action = rule(desk)
    strict = signed_in(desk, enforce_csrf_checks=True)
    for path in (
        f"/actions/{action.pk}/cancel/",
        "/actions/new/",
        "/actions/bulk/",
        "/safety/kill/",
        "/alerts/acknowledge/",
    ):
        assert strict.post(path).status_code == 403, path
    action.refresh_from_db()
    assert action.status == "active"


def test_reading_never_changes(site: Client, desk: Desk) -> None:
    action = rule(desk)
    for path in (f"/actions/{action.pk}/cancel/", "/actions/bulk/", "/safety/resume/", "/alerts/acknowledge/"):
        assert site.get(path).status_code == 405, path


def test_redirects_stay_on_the_site(site: Client, desk: Desk) -> None:
    action = rule(desk)
    answer = site.post(f"/actions/{action.pk}/pause/", {"next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == f"/actions/{action.pk}/"
    answer = site.post(f"/actions/{action.pk}/resume/", {"next": "/actions/?status=paused"})
    assert answer.headers["Location"] == "/actions/?status=paused"


def test_times_are_in_the_users_zone(site: Client, desk: Desk) -> None:
    desk.user.time_zone = "Asia/Kathmandu"
    desk.user.save()
    rule(desk)
    assert 'data-zone="Asia/Kathmandu"' in site.get("/").content.decode()
    assert "+0545" in site.get("/portfolio/ledger/").content.decode()


def test_a_user_without_a_portfolio_is_told_what_to_do(client: Client, django_user_model: type) -> None:
    user = django_user_model.objects.create_user("new", password="x")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for page in PAGES:
        assert client.get(reverse(f"dashboard:{page}")).status_code == 200, page
    assert "No portfolio yet" in client.get("/").content.decode()


def test_error_pages_are_dressed(site: Client) -> None:
    answer = site.get("/nowhere/")
    assert answer.status_code == 404
    assert "Back to the overview" in answer.content.decode()


def test_sign_in_page_is_dressed(client: Client, db: None) -> None:
    assert "dashboard/app.css" in client.get("/login/").content.decode()
