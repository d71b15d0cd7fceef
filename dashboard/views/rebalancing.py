"""Rebalance runs: begin one, watch it, approve, decline or stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation.rebalancing import approving, by_hand, cancelling
from automation.rebalancing.approving import Click
from automation.rebalancing.models import RebalanceRun
from automation.rebalancing.states import RunState
from common.clock import now
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.selectors.goals import plan_context
from dashboard.selectors.rebalancing import goal_names, run_detail, run_page, waiting_runs
from portfolios.goals.changing import goal_of


@require_GET
@page
def runs(request: UserRequest) -> HttpResponse:
    filters = {name: request.GET.get(name, "") for name in ("state", "goal")}
    context = {
        "rows": run_page(request.user, filters, request.GET.get("page", "1")),
        "filters": filters,
        "states": RunState.choices,
        "goals": goal_names(request.user),
        "waiting": waiting_runs(request.user, now=now()),
    }
    return show(request, "dashboard/runs/list.html", context, active="goals")


@require_GET
@page
def run(request: UserRequest, rebalance_id: UUID) -> HttpResponse:
    context = run_detail(request.user, rebalance_id, now=now())
    return show(request, "dashboard/runs/page.html", context, active="goals")


@require_http_methods(["GET", "POST"])
@page
def rebalance(request: UserRequest, goal_id: UUID) -> HttpResponse:
    """Say what will happen (GET), then begin the run (POST)."""
    goal = goal_of(request.user, goal_id)
    if request.method == "GET":
        context = plan_context(request.user, goal, actor=actor(request.user), now=now())
        return show(request, "dashboard/goals/rebalance.html", {"goal": goal, **context}, active="goals")
    begun: list[RebalanceRun] = []

    def begin() -> None:
        who = actor(request.user)
        begun.append(by_hand.rebalance(user=request.user, goal_id=goal_id, actor=who, now=now()))

    if not attempt(request, None, begin):
        return redirect("dashboard:goal", goal_id)
    (made,) = begun
    if made.state == RunState.BLOCKED:
        messages.error(request, f"Not begun. {made.reason}")
    elif made.state == RunState.COMPLETED:
        messages.info(request, "Nothing to do: nothing is far enough from its target to trade.")
    else:
        messages.success(request, "The rebalance is under way. Its steps appear here as they happen.")
    return redirect("dashboard:rebalance-run", made.pk)


@require_POST
@page
def run_do(request: UserRequest, rebalance_id: str, verb: str) -> HttpResponse:
    """Approve, decline or cancel a run."""
    try:
        run_id = UUID(rebalance_id)
    except ValueError:  # 36 letters that are no id
        raise Http404 from None
    if verb == "cancel":
        _cancel(request, run_id)
    else:
        _decide(request, run_id, verb)
    return back(request, "dashboard:rebalance-run", rebalance_id=run_id)


def _cancel(request: UserRequest, run_id: UUID) -> None:
    attempt(
        request,
        "Stopped: what is open is cancelled, what had filled stays, the rest is left out.",
        lambda: cancelling.cancel(user=request.user, run_id=run_id, actor=actor(request.user), now=now()),
    )


def _decide(request: UserRequest, run_id: UUID, verb: str) -> None:
    """Approve or decline, and say what came of it: everything is asked once more, and may be refused."""
    act: Callable[..., RebalanceRun] = approving.approve if verb == "approve" else approving.decline
    click = Click(
        user=request.user, run_id=run_id, actor=actor(request.user), note=request.POST.get("note", "").strip()[:300]
    )
    decided: list[Any] = []
    if not attempt(request, None, lambda: decided.append(act(click, now=now()))):
        return
    (run,) = decided
    if run.state == RunState.BLOCKED:
        messages.error(request, f"Not begun. {run.reason}")
    elif verb == "approve":
        messages.success(request, "Approved. The safety gate looked at the whole run once more, and it begins.")
    else:
        messages.success(request, "Declined. Nothing will be ordered.")
