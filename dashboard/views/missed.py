"""Answers to questions about missed times."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from automation import answering
from common.clock import now
from dashboard.doors import UserRequest, actor, attempt, back, page

VERBS = {
    "run": (answering.run, "Under way: see the rule's executions for what came of it."),
    "decline": (answering.decline, "Left undone."),
}


@require_POST
@page
def answer(request: UserRequest, missed_id: int, verb: str) -> HttpResponse:
    """Run a rule for a time it missed, or leave it."""
    act, success = VERBS[verb]
    attempt(request, success, lambda: act(user=request.user, missed_id=missed_id, now=now(), actor=actor(request.user)))
    return back(request, "dashboard:alerts")
