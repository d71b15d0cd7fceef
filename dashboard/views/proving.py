"""What a rule has shown, its mode, and its versions."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from automation import lifecycle, versions
from automation.evidence import evidence_of
from automation.models import ActionStatus, ActionType, Mode
from automation.promotion import EvidenceNeeded
from common.clock import now
from common.errors import Conflict
from dashboard.doors import UserRequest, actor, attempt, page, show
from dashboard.selectors.actions import action_of
from dashboard.selectors.proving import book_rows

LADDER = [
    (Mode.MONITOR, "Monitor", "records what it would do"),
    (Mode.NOTIFY, "Notify", "records it and tells you"),
    (Mode.AUTO, "Automatic", "does it, through the safety gate"),
]
CHANGED = {
    Mode.MONITOR: "The rule only records now.",
    Mode.NOTIFY: "The rule tells you now, and orders nothing.",
    Mode.AUTO: "The rule trades on its own now, through the safety gate.",
}


@require_GET
@page
def evidence(request: UserRequest, action_id: UUID) -> HttpResponse:
    """The evidence with the mode ladder: a part of the rule's page, or a page of its own."""
    action = action_of(request.user, action_id)
    found = evidence_of(action, now=now()) if action.action_type != ActionType.NOTIFY else None
    context = {
        "action": action,
        "evidence": found,
        "rows": book_rows(action, found) if found else [],
        "ladder": LADDER,
        "editable": action.status in (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED),
    }
    if request.htmx:
        return render(request, "dashboard/actions/evidence.html", context)
    return show(request, "dashboard/actions/evidence_page.html", context, active="actions")


@require_POST
@page
def mode(request: UserRequest, action_id: UUID) -> HttpResponse:
    """Change the mode; to automatic with a reason where the evidence is thin."""
    wanted = request.POST.get("mode", "")
    changes = {"mode": wanted, "override": request.POST.get("override", "").strip()}
    _edit(
        request,
        CHANGED.get(Mode(wanted), "") if wanted in Mode.values else "",
        lambda: lifecycle.update_action(
            user=request.user, action_id=action_id, changes=changes, now=now(), actor=actor(request.user)
        ),
    )
    return redirect("dashboard:action", action_id)


@require_POST
@page
def restore(request: UserRequest, action_id: UUID, version: int) -> HttpResponse:
    """Go back to a version."""
    _edit(
        request,
        f"The rule is as it was at version {version}.",
        lambda: versions.restore(
            user=request.user, action_id=action_id, version=version, now=now(), actor=actor(request.user)
        ),
    )
    return redirect("dashboard:action", action_id)


def _edit(request: UserRequest, success: str, act: Callable[[], object]) -> None:
    """Run one edit and say what came of it; thin evidence in the page's words, not the API's."""

    def tried() -> object:
        try:
            return act()
        except EvidenceNeeded as needed:
            why = " ".join(lack.message for lack in needed.evidence.lacks)
            raise Conflict(f"Not changed: the evidence is thin. {why} Give your reason beside the evidence.") from None

    attempt(request, success, tried)
