"""The agent: what it may do, its runs, its proposals."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from agent import answering, proposing, starting
from agent.models import AgentRun
from common.clock import now
from dashboard.doors import UserRequest, attempt, back, page, show
from dashboard.selectors.agent import latest_report, modes_up_to, run_page, standing_of, waiting_proposals
from dashboard.selectors.agent_chat import card_of
from dashboard.selectors.agent_run import outcome_of, run_detail, state_of, step_details, steps_of
from dashboard.selectors.agent_score import score_of, scored_page
from dashboard.selectors.frame import portfolios_of
from dashboard.selectors.trading import portfolio_of
from orders.models import Order
from orders.states import OrderState


@require_GET
@page
def agent(request: UserRequest) -> HttpResponse:
    at = now()
    latest = latest_report(request.user)
    context = {
        **standing_of(request.user, now=at),
        "rows": run_page(request.user, request.GET.get("page", "1")),
        "waiting": waiting_proposals(request.user, now=at),
        "latest": latest,
        "portfolios": portfolios_of(request.user),
        **(outcome_of(latest, now=at) if latest else {}),
    }
    context["modes"] = modes_up_to(context["config"])
    return show(request, "dashboard/agent/page.html", context, active="agent")


@require_POST
@page
def analyse(request: UserRequest) -> HttpResponse:
    """Start a run, and go and watch it."""
    started: list[AgentRun] = []
    user, typed = request.user, request.POST

    def start() -> None:
        started.append(
            starting.start_run(
                user=user,
                now=now(),
                trigger=AgentRun.Trigger.MANUAL,
                portfolio=portfolio_of(user, typed.get("portfolio", "")),
                question=typed.get("question", ""),
                mode=typed.get("mode") or None,
            )
        )

    if attempt(request, None, start):
        return redirect("dashboard:agent-run", started[0].pk)
    return redirect("dashboard:agent")


@require_GET
@page
def run(request: UserRequest, agent_run_id: UUID) -> HttpResponse:
    context = run_detail(request.user, agent_run_id, now=now())
    context["draft_cards"] = [card_of(one) for one in context["drafts"]]
    return show(request, "dashboard/agent/run.html", context, active="agent")


@require_GET
@page
def run_steps(request: UserRequest, agent_run_id: UUID) -> HttpResponse:
    """The steps after a number, for a page that watches."""
    found = starting.run_of(request.user, agent_run_id)
    after = request.GET.get("after", "")
    number = int(after) if after.isdigit() else 0
    steps = steps_of(found, after=number)
    context = {"run": found, "steps": steps, "last": steps[-1].number if steps else number}
    return render(request, "dashboard/agent/steps.html", context)


@require_GET
@page
def run_state(request: UserRequest, agent_run_id: UUID) -> HttpResponse:
    """Where it stands, for a page that watches."""
    found = starting.run_of(request.user, agent_run_id)
    return render(request, "dashboard/agent/state.html", state_of(found, now=now()))


@require_GET
@page
def run_step(request: UserRequest, agent_run_id: UUID) -> HttpResponse:
    """One step unfolded."""
    details = step_details(request.user, agent_run_id, request.GET.get("number", ""))
    return render(request, "dashboard/agent/step_details.html", details)


@require_POST
@page
def run_cancel(request: UserRequest, agent_run_id: UUID) -> HttpResponse:
    attempt(
        request,
        "The run is stopped. What it did so far stays; it proposes nothing.",
        lambda: starting.cancel_run(user=request.user, run_id=agent_run_id, now=now()),
    )
    return back(request, "dashboard:agent-run", agent_run_id=agent_run_id)


@require_POST
@page
def draft_do(request: UserRequest, agent_run_id: UUID, draft_id: UUID, verb: str) -> HttpResponse:
    """Accept or decline a draft of a run."""
    act = answering.accept_draft if verb == "accept" else answering.decline_draft
    done = "Done, in your name." if verb == "accept" else "Left. Nothing was changed."
    attempt(request, done, lambda: act(user=request.user, run_id=agent_run_id, draft_id=draft_id, now=now()))
    return back(request, "dashboard:agent-run", agent_run_id=agent_run_id)


@require_POST
@page
def suggestion_do(request: UserRequest, suggestion_id: UUID, verb: str) -> HttpResponse:
    """Place a proposal as an order of your own, or say no."""
    user = request.user
    if verb == "dismiss":
        said = "Dismissed. Nothing is ordered."
        attempt(request, said, lambda: proposing.dismiss(user=user, suggestion_id=suggestion_id))
        return back(request, "dashboard:agent")
    placed: list[Order | None] = []
    if attempt(
        request, None, lambda: placed.append(proposing.accept(user=user, suggestion_id=suggestion_id, now=now()))
    ):
        _tell(request, placed[0], suggestion_id)
    return back(request, "dashboard:agent")


def _tell(request: UserRequest, order: Order | None, suggestion_id: UUID) -> None:
    if order is None:
        messages.error(request, f"Not ordered. {proposing.suggestion_of(request.user, suggestion_id).reason}")
    elif order.state == OrderState.BLOCKED:
        messages.error(request, f"The safety gate denied it. {order.reason}")
    elif order.state == OrderState.AWAITING_APPROVAL:
        messages.warning(request, "It is an order now, and large enough to need your approval: see Orders & approvals.")
    else:
        messages.success(request, "It is an order of yours now: the safety gate let it pass.")


@require_GET
@page
def scorecard(request: UserRequest) -> HttpResponse:
    context = {**score_of(request.user), "rows": scored_page(request.user, request.GET.get("page", "1"))}
    return show(request, "dashboard/agent/scorecard.html", context, active="agent")
