"""Goals: all of them, one with its plan, what it would do under other terms, and losses that could be harvested."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from common.clock import now
from common.errors import InvalidInput
from dashboard.doors import UserRequest, actor, page, show
from dashboard.goal_trying import TryForm, tried_context
from dashboard.selectors.goals import (
    examples_for,
    facts_of,
    goal_card,
    goal_cards,
    history_of,
    notes_of,
    plan_context,
)
from dashboard.selectors.harvesting import HarvestForm, harvest_context
from dashboard.selectors.rebalancing import waiting_runs
from dashboard.selectors.trading import portfolio_of
from portfolios.goals.changing import goal_of
from portfolios.models import Portfolio


@require_GET
@page
def goals(request: UserRequest) -> HttpResponse:
    at = now()
    cards = goal_cards(request.user, now=at)
    context: dict[str, Any] = {"cards": cards, "waiting": waiting_runs(request.user, now=at)}
    if not cards:
        context["examples"] = examples_for(request.user)
    return show(request, "dashboard/goals/list.html", context, active="goals")


@require_GET
@page
def goal(request: UserRequest, goal_id: UUID) -> HttpResponse:
    at = now()
    found = goal_of(request.user, goal_id)
    context = {
        "goal": found,
        "card": goal_card(found, now=at),
        "facts": facts_of(found),
        "notes": notes_of(found),
        "try_form": TryForm(found),
        **plan_context(request.user, found, actor=actor(request.user), now=at),
        **history_of(found),
    }
    return show(request, "dashboard/goals/page.html", context, active="goals")


@require_GET
@page
def bars(request: UserRequest, goal_id: UUID) -> HttpResponse:
    """The tiles and bars again, at the latest prices."""
    found = goal_of(request.user, goal_id)
    return render(request, "dashboard/goals/standing.html", {"goal": found, "card": goal_card(found, now=now())})


@require_GET
@page
def plan(request: UserRequest, goal_id: UUID) -> HttpResponse:
    """The plan again, at the latest prices."""
    found = goal_of(request.user, goal_id)
    context = {"goal": found, **plan_context(request.user, found, actor=actor(request.user), now=now())}
    return render(request, "dashboard/goals/plan.html", context)


@require_GET
@page
def try_out(request: UserRequest, goal_id: UUID) -> HttpResponse:
    """What the goal would do with other bands, another end, or other cash. Nothing is saved."""
    found = goal_of(request.user, goal_id)
    context = tried_context(request.user, found, TryForm(found, request.GET), now=now())
    if request.htmx:
        return render(request, "dashboard/goals/tried.html", {"goal": found, **context})
    return show(request, "dashboard/goals/tried_page.html", {"goal": found, **context}, active="goals")


@require_GET
@page
def harvest(request: UserRequest) -> HttpResponse:
    """Lots whose loss could be realised, and what must not be bought back yet."""
    portfolio: Portfolio | None = portfolio_of(request.user, request.GET.get("portfolio", ""))
    form = HarvestForm(request.GET)
    context: dict[str, Any] = {"form": form, "portfolio": portfolio}
    if portfolio:
        try:
            context |= harvest_context(portfolio, form, now=now())
        except InvalidInput as error:
            form.blame(error)
    return show(request, "dashboard/goals/harvest.html", context, active="goals")
