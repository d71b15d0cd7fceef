"""The guided start: from an empty account to a rule that fired, in three minutes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from accounts import guiding
from automation import first_rule
from common.clock import now
from common.errors import InvalidInput
from dashboard.doors import UserRequest, actor, attempt, page, show
from dashboard.selectors.starting import start_page


@require_GET
@page
def start(request: UserRequest) -> HttpResponse:
    symbol = request.GET.get("symbol", "").strip().upper()[:20]
    try:
        context = start_page(request.user, symbol=symbol, now=now())
    except InvalidInput as error:
        messages.error(request, " ".join(text for texts in error.errors.values() for text in texts))
        return redirect("dashboard:start")
    return show(request, "dashboard/start/page.html", context, active="start")


@require_POST
@page
def arm(request: UserRequest) -> HttpResponse:
    """Make the rule and watch it."""
    user, at = request.user, now()
    symbol, kind = request.POST.get("symbol", "").strip().upper()[:20], request.POST.get("kind", "")

    def make() -> None:
        made = first_rule.make(user=user, symbol=symbol, kind=kind, now=at, actor=actor(user))
        guiding.remember_rule(user=user, action_id=made.pk, now=at)

    attempt(request, None, make)
    return redirect("dashboard:start")


@require_POST
@page
def step(request: UserRequest, verb: str) -> HttpResponse:
    """Not now, finished, from the beginning, or: bring the price nearer."""
    user, at = request.user, now()
    if verb == "nearer":
        guide = guiding.guide_of(user)
        if guide and guide.action_id:
            rule = guide.action_id
            attempt(
                request,
                "The rule waits for a nearer price now.",
                lambda: first_rule.bring_nearer(user=user, action_id=rule, now=at, actor=actor(user)),
            )
        return redirect("dashboard:start")
    if verb == "again":
        guiding.begin_again(user=user, now=at)
        return redirect("dashboard:start")
    if verb == "later":
        guiding.put_off(user=user, now=at)
        messages.info(request, "The guided start waits in the menu for when you want it.")
    else:
        guiding.finish(user=user, now=at)
    return redirect("dashboard:overview")
