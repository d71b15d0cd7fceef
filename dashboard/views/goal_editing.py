"""Making, changing, switching and deleting a goal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from common.clock import now
from common.errors import Conflict, InvalidInput
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.goal_form import GoalForm, TargetRow, rows_from
from dashboard.selectors.actions import symbols_to_offer
from dashboard.selectors.frame import portfolios_of
from dashboard.selectors.goals import current_weights
from dashboard.selectors.trading import portfolio_of
from portfolios.goals.changing import archive_goal, create_goal, goal_of, update_goal
from portfolios.goals.using import users_of
from portfolios.models import PortfolioGoal

CURRENT = "current"


@require_http_methods(["GET", "POST"])
@page
def new(request: UserRequest) -> HttpResponse:
    """A new goal; `?weights=AAPL:0.5,MSFT:0.5` or `?weights=current` fills the targets in."""
    if request.method == "GET":
        return _page(request, _begun(request))
    form = GoalForm(request.POST, portfolios=portfolios_of(request.user))
    try:
        goal = create_goal(user=request.user, data=form.as_data(), now=now(), actor=actor(request.user))
    except InvalidInput as error:
        form.blame(error)
        return _page(request, form, failed=True)
    except Conflict as error:
        form.add_error("rebalance_mode", error.detail)
        return _page(request, form, failed=True)
    messages.success(request, f"{goal.name} is saved. This is how far the portfolio is from it.")
    return redirect("dashboard:goal", goal.pk)


@require_http_methods(["GET", "POST"])
@page
def edit(request: UserRequest, goal_id: UUID) -> HttpResponse:
    goal = goal_of(request.user, goal_id)
    if request.method == "GET":
        return _page(request, GoalForm(None, portfolios=portfolios_of(request.user), goal=goal))
    form = GoalForm(request.POST, portfolios=portfolios_of(request.user), goal=goal)
    try:
        changes = {**form.as_data(), "version": _version(request)}
        update_goal(user=request.user, goal_id=goal_id, changes=changes, now=now(), actor=actor(request.user))
    except InvalidInput as error:
        form.blame(error)
        return _page(request, form, failed=True)
    except Conflict as error:
        form.add_error("rebalance_mode" if error.code == "automatic_goal_exists" else None, error.detail)
        return _page(request, form, failed=True)
    messages.success(request, "The changes are saved.")
    return redirect("dashboard:goal", goal_id)


@require_POST
@page
def switch(request: UserRequest, goal_id: UUID) -> HttpResponse:
    """On or off."""
    on = request.POST.get("enabled") == "yes"
    attempt(
        request,
        "Switched on: it is watched again." if on else "Switched off: it is kept, but neither watched nor rebalanced.",
        lambda: update_goal(
            user=request.user, goal_id=goal_id, changes={"enabled": on}, now=now(), actor=actor(request.user)
        ),
    )
    return back(request, "dashboard:goal", goal_id=goal_id)


@require_http_methods(["GET", "POST"])
@page
def delete(request: UserRequest, goal_id: UUID) -> HttpResponse:
    """Ask first (GET), then put the goal away (POST)."""
    goal = goal_of(request.user, goal_id)
    if request.method == "GET":
        return show(request, "dashboard/goals/delete.html", {"goal": goal, "users": users_of(goal.pk)}, active="goals")
    done = attempt(
        request,
        f"{goal.name} is deleted. Its runs are kept.",
        lambda: archive_goal(user=request.user, goal_id=goal_id, now=now(), actor=actor(request.user)),
    )
    return redirect("dashboard:goals") if done else redirect("dashboard:goal-delete", goal_id)


def _begun(request: UserRequest) -> GoalForm:
    """The empty form, or one begun by a link."""
    given, name = request.GET.get("weights", ""), request.GET.get("name", "")[:80]
    form = GoalForm(None, portfolios=portfolios_of(request.user), begin={"name": name} if name else None)
    if given == CURRENT:
        form.rows = [TargetRow(symbol=symbol, weight=weight) for symbol, weight in _current(request, None).items()]
    elif given:
        form.rows = rows_from(given)
    return form


def _current(request: UserRequest, goal: PortfolioGoal | None) -> dict[str, str]:
    portfolio = goal.portfolio if goal else portfolio_of(request.user, request.GET.get("portfolio", ""))
    return current_weights(portfolio, now=now()) if portfolio else {}


def _version(request: UserRequest) -> int | None:
    """The version the person saw; None if the page did not say."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _page(request: UserRequest, form: GoalForm, *, failed: bool = False) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "goal": form.goal,
        "failed": failed,
        "symbols": symbols_to_offer(),
        "current": _current(request, form.goal),
        "band_kind": form["band_kind"].value(),
        "seen": request.POST.get("version") or (form.goal.version if form.goal else ""),
    }
    return show(request, "dashboard/goals/form.html", context, active="goals", status=422 if failed else 200)
