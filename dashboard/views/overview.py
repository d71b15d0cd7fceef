"""The overview, and the parts of pages that are fetched again when something happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.clock import now
from dashboard.doors import UserRequest, page, show
from dashboard.selectors.actions import next_up
from dashboard.selectors.frame import frame_of
from dashboard.selectors.protecting import protection_rows
from dashboard.selectors.trading import equity_curve, latest_orders, portfolio_of, worth
from dashboard.selectors.watching import health_of, latest_alerts
from portfolios.valuing import value


@require_GET
@page
def overview(request: UserRequest) -> HttpResponse:
    at = now()
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    context: dict[str, Any] = {"portfolio": portfolio}
    if portfolio:
        context |= worth(portfolio, now=at) | next_up(request.user, now=at)
        context |= {
            "curve": equity_curve(portfolio, now=at),
            "curve_words": "last 30 days",
            "orders": latest_orders(portfolio),
            "alerts": latest_alerts(request.user),
            "health": health_of(request.user, now=at),
        }
    return show(request, "dashboard/overview.html", context, active="overview")


def _worth(request: UserRequest) -> dict[str, Any]:
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    if portfolio is None:
        raise Http404("There is no portfolio.")
    return worth(portfolio, now=now())


def _protection(request: UserRequest) -> dict[str, Any]:
    portfolio, at = portfolio_of(request.user, request.GET.get("portfolio", "")), now()
    if portfolio is None:
        raise Http404("There is no portfolio.")
    return protection_rows(portfolio, value(portfolio, now=at), now=at)


def _orders(request: UserRequest) -> dict[str, Any]:
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    return {"orders": latest_orders(portfolio) if portfolio else []}


def _health(request: UserRequest) -> dict[str, Any]:
    at = now()
    return {"health": health_of(request.user, now=at), "frame": frame_of(request.user, now=at)}


PARTS: dict[str, Callable[[UserRequest], dict[str, Any]]] = {
    "worth": _worth,
    "holdings": _worth,
    "protection": _protection,
    "orders": _orders,
    "next": lambda request: next_up(request.user, now=now()),
    "alerts": lambda request: {"alerts": latest_alerts(request.user)},
    "health": _health,
    "unread": lambda request: {"frame": frame_of(request.user, now=now())},
    "killed": lambda request: {"frame": frame_of(request.user, now=now()), "shown_on": "/"},
}


@require_GET
@page
def part(request: UserRequest, name: str) -> HttpResponse:
    """One part of a page, for htmx."""
    if name not in PARTS:
        raise Http404(f"There is no part {name!r}.")
    return render(request, f"dashboard/parts/{name}.html", PARTS[name](request))


@require_GET
@page
def monitoring(request: UserRequest) -> HttpResponse:
    """An empty page: its script asks the API, so that the numbers come from the one place that knows them."""
    return show(request, "dashboard/monitoring.html", {}, active="monitoring")
