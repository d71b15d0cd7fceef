"""Every route and method, tried by a stranger, by a token without scopes, by another user and by the owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.secrets import hashed
from common.clock import now
from tests.site.conftest import client_of
from tests.site.routes import PAGE_ARGUMENTS, ROUTES, Access, world_of

METHODS = ("get", "post", "put", "patch", "delete")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
API = "api/"


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every path of the site with its view."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            if entry.namespace != "admin":
                yield from patterns(entry, path)
        else:
            yield path, entry


def methods_of(pattern: URLPattern) -> list[str]:
    view: Any = pattern.callback
    actions = getattr(view, "actions", None)  # viewsets
    if actions:
        return [method.upper() for method in METHODS if method in actions]
    return [method.upper() for method in METHODS if hasattr(view.cls, method)]


def api_routes() -> dict[str, list[str]]:
    return {path.removeprefix(API): methods_of(pattern) for path, pattern in patterns() if path.startswith(API)}


def entries() -> Iterator[tuple[str, str, Access]]:
    for route, methods in ROUTES.items():
        for method, access in methods.items():
            yield route, method, access


def path_of(route: str, access: Access, world: dict[str, Any]) -> str:
    def fill(found: re.Match[str]) -> str:
        given = access.arguments.get(found[1], access.kind)
        return str(world.get(given, given))

    return "/" + API + PARAMETER.sub(fill, route)


def call(client: Client, method: str, path: str) -> int:
    """The status of one request; whatever it changes is undone."""
    before = transaction.savepoint()  # no atomic block around it: the kill switch insists on a commit of its own
    answer = client.generic(method, path, "{}", content_type="application/json")
    transaction.savepoint_rollback(before)
    return answer.status_code


def test_every_route_and_method_has_an_entry_and_every_entry_a_route() -> None:
    assert {route: sorted(methods) for route, methods in api_routes().items()} == {
        route: sorted(methods) for route, methods in ROUTES.items()
    }


@pytest.fixture
def world(ann: User) -> dict[str, Any]:
    return world_of(ann)


def test_strangers_are_asked_who_they_are(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.throttling.StrangerRate.THROTTLE_RATES", {"anon": None, "user": None})
    client = APIClient(raise_request_exception=False)
    wrong = []
    for route, method, access in entries():
        status = call(client, method, path_of(route, access, world))
        if (status == 401) != access.signed_in or status >= 500:
            wrong.append((route, method, status))
    assert not wrong


def test_a_token_without_scopes_can_do_nothing(ann: User, world: dict[str, Any]) -> None:
    ApiToken.objects.create(user=ann, name="none", prefix="p", secret_hash=hashed("s"), scopes=[], created_at=now())
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION="Token s")
    wrong = [
        (route, method, status)
        for route, method, access in entries()
        if access.signed_in and (status := call(client, method, path_of(route, access, world))) != 403
    ]
    assert not wrong


# Reads that need a body, and tickets for listening: the only POSTs a reading token may make.
READING_POSTS = {
    "auth/ticket/",
    "actions/preview/",
    "actions/simulate/",
    "actions/<uuid:action_id>/simulate/",
    "actions/templates/<slug:name>/preview/",
    "safety/what-if/",
    "portfolio/optimize/",
    "scheduler/preview/",
    "backtests/",
    "strategies/<uuid:strategy_id>/backtest/",
    "portfolio/goals/<uuid:goal_id>/backtest/",
    "agent/parse/",
}


def test_a_reading_token_can_change_nothing(ann: User, world: dict[str, Any]) -> None:
    token = {"user": ann, "name": "reader", "prefix": "p", "secret_hash": hashed("s"), "scopes": ["read"]}
    ApiToken.objects.create(**token, created_at=now())
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION="Token s")
    wrong = []
    for route, method, access in entries():
        if not access.signed_in:
            continue
        status = call(client, method, path_of(route, access, world))
        if (status == 403) != (method != "GET" and route not in READING_POSTS):
            wrong.append((route, method, status))
    assert not wrong


def test_what_is_another_users_does_not_exist(bob: User, world: dict[str, Any]) -> None:
    client = client_of(bob)
    wrong = [
        (route, method, status)
        for route, method, access in entries()
        if access.kind and (status := call(client, method, path_of(route, access, world))) != 404
    ]
    assert not wrong


def test_the_owner_gets_through(ann: User, world: dict[str, Any]) -> None:
    client = client_of(ann)
    wrong = []
    for route, method, access in entries():
        status = call(client, method, path_of(route, access, world))
        refused = {401, 403, 404, 405} if access.kind else {401, 403, 405}
        if status in refused or status >= 500:
            wrong.append((route, method, status))
    assert not wrong


# --- the pages ----------------------------------------------------------------------------------------------------
OPEN_PAGES = {
    "healthz",
    "readyz",
    "metrics",
    "login/",
    "login/link/<str:secret>/",
    "logout/",
    "signup/",
    "hooks/<str:token>/",
}


def page_paths(world: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(route, a path of it) for every page that asks for a sign-in."""
    for route, pattern in patterns():
        if route.startswith((API, "admin/", "static/")) or route in OPEN_PAGES:
            continue
        yield route, "/" + fill_page(route, pattern, world)


def fill_page(route: str, pattern: URLPattern, world: dict[str, Any]) -> str:
    regex = pattern.pattern.regex.pattern
    verb = re.search(r"\(\?P<verb>(\w+)", regex)
    filled = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("^", "").replace("$", "")
    words = {"verb": verb[1] if verb else "", "name": "safety", "version": "1"}
    words |= {"service": "webhook", "kind": "anthropic"}
    return PARAMETER.sub(lambda found: str(words.get(found[1]) or world[PAGE_ARGUMENTS[found[1]]]), filled)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_send_strangers_to_the_sign_in(world: dict[str, Any], method: str) -> None:
    wrong = []
    for route, path in page_paths(world):
        answer = Client().generic(method, path)
        if answer.status_code != 405 and not answer.headers.get("Location", "").startswith("/login/"):
            wrong.append((route, answer.status_code))
    assert not wrong


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_about_another_users_things_do_not_exist(bob: User, world: dict[str, Any], method: str) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(bob, backend="django.contrib.auth.backends.ModelBackend")
    wrong = []
    for route, path in page_paths(world):
        if not any(str(thing) in path for thing in world.values()):
            continue
        before = transaction.savepoint()
        status = client.generic(method, path).status_code
        transaction.savepoint_rollback(before)
        if status not in (404, 405):
            wrong.append((route, status))
    assert not wrong
