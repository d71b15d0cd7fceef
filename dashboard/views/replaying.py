"""The panel "How would it have done?": replay a rule over stored bars, and watch a grid of values being tried."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from automation.replay import running
from common.clock import now
from common.errors import Conflict, InvalidInput, NotFound
from dashboard.doors import UserRequest, page, show
from dashboard.replay_form import ReplayForm
from dashboard.selectors.actions import action_of
from dashboard.selectors.replaying import shown_result, shown_run


@require_POST
@page
def replay(request: UserRequest, action_id: UUID) -> HttpResponse:
    """Run it, or queue it and show its progress."""
    at = now()
    found = action_of(request.user, action_id)
    form = ReplayForm(found, request.POST)
    context: dict[str, Any] = {"action": found}
    try:
        answered = running.ask(user=request.user, action=found, data=form.asked(), now=at)
    except InvalidInput as error:
        context["wrong"] = form.blamed(error)
    except Conflict as error:
        context["wrong"] = [("", error.detail)]
    else:
        if answered.run is not None:
            context |= shown_run(answered.run, now=at)
        else:
            context |= shown_result(answered.result or {}, now=at)
    return _part(request, context)


@require_GET
@page
def progress(request: UserRequest, action_id: UUID, run_id: UUID) -> HttpResponse:
    """How far a run is; asked again every second until it has ended."""
    found = action_of(request.user, action_id)
    return _part(request, {"action": found, **shown_run(_run(request, action_id, run_id), now=now())})


@require_POST
@page
def stop(request: UserRequest, action_id: UUID, run_id: UUID) -> HttpResponse:
    """Cancel a run; what it has found so far stays."""
    found = action_of(request.user, action_id)
    run = _run(request, action_id, run_id)
    if run.state in running.OPEN:
        running.discard(user=request.user, run_id=run_id, now=now())
    return _part(request, {"action": found, **shown_run(running.run_of(request.user, run_id), now=now())})


def _run(request: UserRequest, action_id: UUID, run_id: UUID) -> Any:
    run = running.run_of(request.user, run_id)
    if run.action_id != action_id:
        raise NotFound(f"There is no replay {run_id} of this rule.")
    return run


def _part(request: UserRequest, context: dict[str, Any]) -> HttpResponse:
    if request.htmx:
        return render(request, "dashboard/actions/replay_answer.html", context)
    return show(request, "dashboard/actions/replay_page.html", context, active="actions")
