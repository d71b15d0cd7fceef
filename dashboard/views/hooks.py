"""The secret address of a rule that waits for a webhook. It is shown once, on the page that made it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from automation.hooks import keeping
from common.clock import now
from common.errors import Conflict
from dashboard.doors import UserRequest, attempt, page, show
from dashboard.selectors.actions import action_of


@require_POST
@page
def hook(request: UserRequest, action_id: UUID) -> HttpResponse:
    """Make the address, or a new one: the old one ends at once."""
    action = action_of(request.user, action_id)
    signed = request.POST.get("signed") == "on"
    try:
        made = keeping.generate(user=request.user, action_id=action_id, signed=signed, now=now())
    except Conflict as error:
        messages.error(request, error.detail)
        return redirect("dashboard:action", action_id)
    context = {
        "action": action,
        "url": request.build_absolute_uri(f"/hooks/{made.token}/"),
        "signing_key": made.signing_key,
    }
    answer = show(request, "dashboard/actions/hook_made.html", context, active="actions")
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@page
def no_hook(request: UserRequest, action_id: UUID) -> HttpResponse:
    """Take the address away."""
    attempt(
        request,
        "The address is gone: nobody can call this rule now.",
        lambda: keeping.delete(user=request.user, action_id=action_id),
    )
    return redirect("dashboard:action", action_id)
