"""The overview, and the parts of pages that are fetched again when something happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.clock import now
from dashboard.doors import UserRequest, page, show
from dashboard.selectors.actions import next_up
from dashboard.selectors.coming import latest_notes, named, next_jobs, next_rebalances, waiting_for
from dashboard.selectors.curves import curve_of
from dashboard.selectors.frame import frame_of
from dashboard.selectors.holding import allocation, goals_of
from dashboard.selectors.protecting import protection_rows
from dashboard.selectors.trading import latest_orders, portfolio_of, worth
from dashboard.selectors.watching import health_of, latest_alerts
from portfolios.models import Portfolio
from portfolios.valuing import value


@require_GET
@page
def overview(request: UserRequest) -> HttpResponse:
    at = now()
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    context: dict[str, Any] = {"portfolio": portfolio}
    if portfolio:
        context |= worth(portfolio, now=at) | _coming(request, portfolio, at) | waiting_for(request.user)
        valuation = context["valuation"]
        context |= allocation(valuation, context["goals"])
        context |= curve_of(
            portfolio, valuation, chosen=request.GET.get("range", ""), view=request.GET.get("view", ""), now=at
        )
        context |= {
            "orders": latest_orders(portfolio),
            "alerts": latest_alerts(request.user),
            "notes": latest_notes(request.user),
            "health": named(health_of(request.user, now=at)),
        }
    return show(request, "dashboard/overview.html", context, active="overview")


def _coming(request: UserRequest, portfolio: Portfolio, at: datetime) -> dict[str, Any]:
    """Rules, jobs and goals: what will happen next."""
    goals = next_rebalances(goals_of(portfolio, now=at), now=at)
    return {**next_up(request.user, now=at), "jobs": next_jobs(request.user), "goals": goals}


def _chosen(request: UserRequest) -> Portfolio:
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    if portfolio is None:
        raise Http404("There is no portfolio.")
    return portfolio


def _worth(request: UserRequest) -> dict[str, Any]:
    return worth(_chosen(request), now=now())


def _protection(request: UserRequest) -> dict[str, Any]:
    portfolio, at = _chosen(request), now()
    return protection_rows(portfolio, value(portfolio, now=at), now=at)


def _allocation(request: UserRequest) -> dict[str, Any]:
    portfolio, at = _chosen(request), now()
    return {"portfolio": portfolio, **allocation(value(portfolio, now=at), goals_of(portfolio, now=at))}


def _next(request: UserRequest) -> dict[str, Any]:
    return _coming(request, _chosen(request), now())


def _orders(request: UserRequest) -> dict[str, Any]:
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    return {"orders": latest_orders(portfolio) if portfolio else []}


def _health(request: UserRequest) -> dict[str, Any]:
    at = now()
    return {"health": named(health_of(request.user, now=at)), "frame": frame_of(request.user, now=at)}


PARTS: dict[str, Callable[[UserRequest], dict[str, Any]]] = {
    "worth": _worth,
    "holdings": _worth,
    "protection": _protection,
    "orders": _orders,
    "next": _next,
    "allocation": _allocation,
    "waiting": lambda request: waiting_for(request.user),
    "notes": lambda request: {"notes": latest_notes(request.user)},
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
