"""Rules: list, detail, form, and what can be done with one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation import lifecycle
from automation.many import VERBS as MANY
from automation.many import change_many
from automation.models import Action, ActionHook, ActionStatus, ActionType
from automation.preflight.finding import findings_about
from automation.promotion import EvidenceNeeded
from automation.situations import situation_of
from automation.versions import history_of
from automation.why import answer
from common.clock import now
from common.errors import Conflict, InvalidInput
from dashboard.action_form import ActionForm
from dashboard.condition_forms import another
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.form_steps import EXAMPLES, steps_of
from dashboard.previewing import preview_of
from dashboard.replay_form import ReplayForm
from dashboard.selectors.actions import (
    action_of,
    chart_of,
    executions_of,
    explanation_of,
    groups_of,
    settings_of,
    symbols_to_offer,
    value_now,
)
from dashboard.selectors.frame import portfolios_of
from dashboard.selectors.history import latest
from dashboard.selectors.listing import FILTERS, action_page, orders_to_offer, triggers_to_offer
from dashboard.what_if import WhatIfForm, answer_of


@require_GET
@page
def actions(request: UserRequest) -> HttpResponse:
    filters = {name: request.GET.get(name, "").strip()[:80].replace("\0", "") for name in FILTERS}
    context = {
        "rows": action_page(request.user, filters, request.GET.get("page", "1"), now=now()),
        "filters": filters,
        "filtered": any(value for name, value in filters.items() if name != "sort"),
        "statuses": ActionStatus.choices,
        "types": ActionType.choices,
        "triggers": triggers_to_offer(),
        "orders": orders_to_offer(),
    }
    return show(request, "dashboard/actions/list.html", context, active="actions")


@require_GET
@page
def action(request: UserRequest, action_id: UUID) -> HttpResponse:
    at = now()
    found = action_of(request.user, action_id)
    explanation = explanation_of(found, now=at)
    chart = chart_of(found, explanation, now=at)
    context = {
        "action": found,
        "why": answer(situation_of(found, now=at, explanation=explanation)),
        "latest": latest(found),
        "explanation": explanation,
        "value_now": value_now(found, explanation),
        "findings": findings_about(found, now=at),
        "waits_for_a_call": found.trigger_type == "webhook",
        "hook": ActionHook.objects.filter(action=found).first() if found.trigger_type == "webhook" else None,
        "executions": executions_of(found),
        "versions": history_of(found),
        "settings": settings_of(found),
        "chart": chart,
        "chart_words": {"1m": "minute bars", "1d": "daily bars"}.get(chart.get("timeframe", ""), ""),
        "what_if_form": WhatIfForm(found),
        "replay_form": ReplayForm(found, now=at) if found.instrument_id else None,
    }
    return show(request, "dashboard/actions/detail.html", context, active="actions")


@require_http_methods(["GET", "POST"])
@page
def new(request: UserRequest) -> HttpResponse:
    form = ActionForm(request.POST or None, portfolios=portfolios_of(request.user))
    if request.method == "POST":
        try:
            made = lifecycle.create_action(user=request.user, data=form.as_data(), now=now(), actor=actor(request.user))
        except InvalidInput as error:
            form.blame(error)
            return form_page(request, form, failed=True)
        messages.success(request, "The rule is made and watched from now on.")
        return redirect("dashboard:action", made.pk)
    return form_page(request, form)


@require_http_methods(["GET", "POST"])
@page
def edit(request: UserRequest, action_id: UUID) -> HttpResponse:
    found = action_of(request.user, action_id)
    form = ActionForm(request.POST or None, portfolios=portfolios_of(request.user), action=found)
    if request.method == "POST":
        try:
            lifecycle.update_action(
                user=request.user,
                action_id=action_id,
                changes=form.as_data(),
                now=now(),
                actor=actor(request.user),
            )
        except InvalidInput as error:
            form.blame(error)
            return form_page(request, form, action=found, failed=True)
        except EvidenceNeeded as needed:
            why = " ".join(lack.message for lack in needed.evidence.lacks)
            form.add_error("mode", f"The evidence is thin. {why} Give your reason beside the evidence on its page.")
            return form_page(request, form, action=found, failed=True)
        except Conflict as error:
            messages.error(request, error.detail)
            return redirect("dashboard:action", action_id)
        messages.success(request, "The changes are saved.")
        return redirect("dashboard:action", action_id)
    return form_page(request, form, action=found)


def form_page(
    request: UserRequest, form: ActionForm, *, action: Action | None = None, failed: bool = False, said: str = ""
) -> HttpResponse:
    """The form in its five steps. `said`: the sentence its contents come from."""
    context: dict[str, Any] = {
        "form": form,
        "action": action,
        "failed": failed,
        "said": said,
        "examples": EXAMPLES,
        "kind": form["action_type"].value() or ActionType.BUY,
        "order": form["order_type"].value() or "market",
        "trigger_type": form["trigger_type"].value() or "price_below",
        "symbols": symbols_to_offer(),
        "groups": groups_of(request.user),
        "steps": steps_of(form),
    }
    return show(request, "dashboard/actions/form.html", context, active="actions", status=422 if failed else 200)


@require_GET
@page
def condition(request: UserRequest) -> HttpResponse:
    """The fields of one more condition of the form."""
    return render(request, "dashboard/actions/condition.html", {"condition": another(request.GET)})


@require_POST
@page
def preview(request: UserRequest, action_id: UUID | None = None) -> HttpResponse:
    """The rule as typed so far, in one sentence; or what is still missing. With an id, an edit of that rule."""
    found = action_of(request.user, action_id) if action_id else None
    form = ActionForm(request.POST, portfolios=portfolios_of(request.user), action=found)
    context = preview_of(request.user, form, now=now(), editing=found.pk if found else None)
    return render(request, "dashboard/actions/preview.html", {**context, "action": found})


VERBS = {
    "pause": (lifecycle.pause, "Paused: the rule is kept, but not watched."),
    "resume": (lifecycle.resume, "Resumed: the rule is watched again, afresh."),
    "cancel": (lifecycle.cancel, "Cancelled. It stays in the history."),
    "execute": (lifecycle.execute_now, "Under way: see its executions for what came of it."),
}


@require_POST
@page
def do(request: UserRequest, action_id: str, verb: str) -> HttpResponse:
    """Pause, resume, cancel or execute one rule."""
    try:
        rule_id = UUID(action_id)
    except ValueError:  # 36 letters that are no id
        raise Http404 from None
    act, success = VERBS[verb]
    attempt(request, success, lambda: act(user=request.user, action_id=rule_id, now=now(), actor=actor(request.user)))
    return back(request, "dashboard:action", action_id=action_id)


PAST = {"pause": "paused", "resume": "resumed", "cancel": "cancelled"}


@require_POST
@page
def bulk(request: UserRequest) -> HttpResponse:
    """Pause, resume or cancel the selected rules."""
    verb = request.POST.get("verb", "pause")
    try:
        chosen = [UUID(value) for value in request.POST.getlist("action")]
    except ValueError:
        verb = ""
    if verb not in MANY:
        messages.error(request, "Nothing was done: the selection could not be read. Reload the page and select again.")
        return back(request, "dashboard:actions")
    done = change_many(user=request.user, action_ids=chosen, verb=verb, now=now(), actor=actor(request.user))
    messages.success(request, f"{done.count} {'rule' if done.count == 1 else 'rules'} {PAST[verb]}.")
    for name, why in done.refused[:5]:
        messages.error(request, f"{name}: {why}")
    return back(request, "dashboard:actions")


@require_POST
@page
def simulate(request: UserRequest, action_id: UUID) -> HttpResponse:
    """What the rule would do in a market the user describes."""
    found = action_of(request.user, action_id)
    context = answer_of(found, WhatIfForm(found, request.POST), now=now())
    if request.htmx:
        return render(request, "dashboard/actions/what_if.html", context)
    return show(request, "dashboard/actions/what_if_page.html", {**context, "action": found}, active="actions")
