"""Beside the rule form: the chart of its symbol, what the gate would say, and rules described in words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from agent.parse.reading import Understood, read_sentence
from automation import lifecycle
from automation.preflight.reviewing import drafted
from common.clock import now
from common.errors import InvalidInput
from dashboard.action_form import ActionForm
from dashboard.doors import UserRequest, actor, page
from dashboard.form_steps import EXAMPLES
from dashboard.previewing import proof_of
from dashboard.selectors.actions import action_of
from dashboard.selectors.frame import portfolios_of
from dashboard.selectors.making import chart_of_symbol
from dashboard.views.actions import form_page

LONGEST = 500


@require_GET
@page
def chart(request: UserRequest) -> HttpResponse:
    """Candles and standing prices of `symbol`, over minute or daily bars (`timeframe` 1m or 1d)."""
    found = chart_of_symbol(request.GET.get("symbol", "")[:20], request.GET.get("timeframe", "1d"), now=now())
    return JsonResponse(found)


@require_POST
@page
def proof(request: UserRequest, action_id: UUID | None = None) -> HttpResponse:
    """The order as the gate sees it if the rule fired this moment. With an id, an edit of that rule."""
    found = action_of(request.user, action_id) if action_id else None
    form = ActionForm(request.POST, portfolios=portfolios_of(request.user), action=found)
    context = proof_of(request.user, form, now=now(), editing=found.pk if found else None)
    return render(request, "dashboard/actions/proof.html", context)


@require_POST
@page
def words(request: UserRequest) -> HttpResponse:
    """What was understood of a sentence, what was assumed, and what is open."""
    text = _text(request)
    context: dict[str, Any] = {"text": text, "examples": EXAMPLES}
    if text:
        context["understood"] = _read(request, text)
    return render(request, "dashboard/actions/words.html", context)


@require_POST
@page
def words_form(request: UserRequest) -> HttpResponse:
    """One of the drafts in the form, to be looked at and changed before it is made."""
    understood = _read(request, _text(request))
    number = request.POST.get("draft", "0")
    drafts = understood.parsed.drafts
    if not understood.parsed.complete or not number.isdecimal() or int(number) >= len(drafts):
        messages.error(request, "The sentence leaves something open: say it again, with what was asked.")
        return redirect("dashboard:action-new")
    draft = drafted(user=request.user, data=drafts[int(number)], now=now())
    form = ActionForm(None, portfolios=portfolios_of(request.user), action=draft)
    return form_page(request, form, said=understood.parsed.text)


@require_POST
@page
def words_create(request: UserRequest) -> HttpResponse:
    """Make every rule the sentence describes, or none."""
    understood = _read(request, _text(request))
    if not understood.parsed.complete:
        messages.error(request, "Nothing was made: the sentence leaves something open.")
        return redirect("dashboard:action-new")
    by = actor(request.user)
    try:
        with transaction.atomic():
            made = [
                lifecycle.create_action(user=request.user, data=draft, now=now(), actor=by)
                for draft in understood.parsed.drafts
            ]
    except InvalidInput as error:
        for field, texts in error.errors.items():
            messages.error(request, f"{field.replace('_', ' ')}: {' '.join(texts)}")
        return redirect("dashboard:action-new")
    if len(made) == 1:
        messages.success(request, "The rule is made and watched from now on.")
        return redirect("dashboard:action", made[0].pk)
    messages.success(request, f"{len(made)} rules are made and watched from now on.")
    return redirect("dashboard:actions")


def _text(request: UserRequest) -> str:
    return " ".join(request.POST.get("words", "").split())[:LONGEST]


def _read(request: UserRequest, text: str) -> Understood:
    return read_sentence(user=request.user, text=text, now=now())
