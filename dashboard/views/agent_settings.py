"""How the agent works: who thinks, how far it may go, what it may cost."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from agent import pricing
from agent.configuring import change_config, config_of
from agent.pricing import prices_of
from agent.scorecard import EvidenceNeeded
from common.clock import now
from common.errors import InvalidInput
from dashboard.agent_form import AgentForm, PriceForm
from dashboard.doors import UserRequest, attempt, page, show
from dashboard.selectors.agent import standing_of


@require_http_methods(["GET", "POST"])
@page
def settings(request: UserRequest) -> HttpResponse:
    config = config_of(request.user, now=now())
    form = AgentForm(config, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, form)
    changes = form.changes()
    if not changes:
        messages.info(request, "Nothing was changed.")
        return redirect("dashboard:agent-settings")
    try:
        change_config(user=request.user, changes=changes, now=now())
    except InvalidInput as error:
        form.refuse(error)
        return _page(request, form, status=422)
    except EvidenceNeeded as needed:
        form.is_valid()
        form.add_error("mode", "The suggestions so far have not shown enough for that.")
        return _page(request, form, status=409, lacks=needed.extra["evidence"]["lacks"])
    messages.success(request, "Saved. Runs that begin from now on work like this.")
    return redirect("dashboard:agent-settings")


def _page(
    request: UserRequest, form: AgentForm, *, prices: PriceForm | None = None, status: int = 200, lacks: Any = ()
) -> HttpResponse:
    context = {
        **standing_of(request.user, now=now()),
        "form": form,
        "lacks": lacks,
        "prices": prices_of(request.user),
        "price_form": prices or PriceForm(initial={"price_provider": form.config.provider}),
    }
    return show(request, "dashboard/agent/settings.html", context, active="agent", status=status)


@require_POST
@page
def price_set(request: UserRequest) -> HttpResponse:
    """Your own price of a model."""
    form = PriceForm(request.POST)
    if not form.is_valid():
        return _page(request, AgentForm(config_of(request.user, now=now())), prices=form, status=422)
    price = pricing.set_price(user=request.user, now=now(), **form.as_arguments())
    messages.success(request, f"The price of {price.model} is set.")
    return redirect("dashboard:agent-settings")


@require_POST
@page
def price_forget(request: UserRequest, price_id: int) -> HttpResponse:
    attempt(request, "Your price is gone.", lambda: pricing.forget_price(user=request.user, price_id=price_id))
    return redirect("dashboard:agent-settings")
