"""The alerts that arrived, and what people asked to be told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts import configs, history, standing
from alerts.models import Alert, AlertConfig
from common.clock import now
from common.errors import InvalidInput, PufflingError
from dashboard.alert_form import AlertForm
from dashboard.doors import UserRequest, attempt, back, page, show
from dashboard.selectors.actions import symbols_to_offer
from dashboard.selectors.alerting import config_page, config_rows, feed_page, subjects_to_choose, told_by
from dashboard.selectors.missed import missed_of

GIVEN = ("alert_type", "price_symbol", "price_what", "price_level", "risk_measure", "rebalance_goal", "signal_strategy")


@require_GET
@page
def alerts(request: UserRequest) -> HttpResponse:
    """The feed."""
    filters = {name: request.GET.get(name, "") for name in ("kind", "severity", "symbol", "open")}
    context = {
        "rows": feed_page(request.user, filters, request.GET.get("page", "1"), now=now()),
        "filters": filters,
        "filtered": any(filters.values()),
        "kinds": Alert.Kind.choices,
        "severities": Alert.Severity.choices,
        "tab": "feed",
        **missed_of(request.user),
    }
    return show(request, "dashboard/alerts/feed.html", context, active="alerts")


@require_POST
@page
def acknowledge(request: UserRequest, alert_id: UUID) -> HttpResponse:
    history.acknowledge(user=request.user, alert_id=alert_id, now=now())
    return back(request, "dashboard:alerts")


@require_POST
@page
def acknowledge_all(request: UserRequest) -> HttpResponse:
    count = history.acknowledge_all(user=request.user, now=now())
    messages.success(request, f"{count} {'alert' if count == 1 else 'alerts'} acknowledged.")
    return back(request, "dashboard:alerts")


@require_GET
@page
def asked(request: UserRequest) -> HttpResponse:
    """What was asked for: the alert configs."""
    filters = {name: request.GET.get(name, "") for name in ("type", "symbol")}
    context = {
        "rows": config_page(request.user, filters, request.GET.get("page", "1"), now=now()),
        "filters": filters,
        "filtered": any(filters.values()),
        "types": AlertConfig.Type.choices,
        "tab": "asked",
    }
    return show(request, "dashboard/alerts/asked.html", context, active="alerts")


@require_http_methods(["GET", "POST"])
@page
def new(request: UserRequest) -> HttpResponse:
    """Ask to be told."""
    given = {name: request.GET[name] for name in GIVEN if name in request.GET}
    form = AlertForm(request.POST or None, given=given, subjects=subjects_to_choose(request.user))
    if request.method == "POST":
        try:
            configs.create(user=request.user, data=form.api_data(), now=now())
        except InvalidInput as error:
            form.blame(error)
        except PufflingError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, "It is watched from now on. What is true already is told at once.")
            return redirect("dashboard:alert-configs")
    return _form(request, form, None)


@require_http_methods(["GET", "POST"])
@page
def config(request: UserRequest, config_id: UUID) -> HttpResponse:
    """One of them: where it stands, what it told, and its form."""
    found = configs.config_of(request.user, config_id)
    form = AlertForm(request.POST or None, config=found, subjects=subjects_to_choose(request.user))
    if request.method == "POST":
        try:
            configs.update(user=request.user, config_id=config_id, changes=form.api_data(), now=now())
        except InvalidInput as error:
            form.blame(error)
        else:
            messages.success(request, "Saved.")
            return redirect("dashboard:alert-config", config_id)
    return _form(request, form, found)


@require_POST
@page
def preview(request: UserRequest) -> HttpResponse:
    """The sentence of what is being filled in, for htmx."""
    form = AlertForm(request.POST, subjects=subjects_to_choose(request.user))
    context: dict[str, Any] = {}
    try:
        draft = configs.drafted(user=request.user, data=form.api_data(), now=now())
        context["standing"] = standing.standing_of(draft, now=now())
        context["draft"] = draft
    except InvalidInput as error:
        form.blame(error)
        context["missing"] = [
            (form.fields[name].label if name in form.fields else "", " ".join(str(text) for text in texts))
            for name, texts in form.errors.items()
        ]
    return render(request, "dashboard/alerts/sentence.html", context)


@require_POST
@page
def config_do(request: UserRequest, config_id: UUID, verb: str) -> HttpResponse:
    """Switch one on or off, or delete it."""
    user = request.user
    if verb == "delete":
        attempt(request, "Deleted. What it told stays in the feed.", lambda: configs.delete(
            user=user, config_id=config_id, now=now()
        ))  # fmt: skip
        return redirect("dashboard:alert-configs")
    attempt(request, None, lambda: configs.set_enabled(
        user=user, config_id=config_id, enabled=verb == "enable", now=now()
    ))  # fmt: skip
    return back(request, "dashboard:alert-configs")


def _form(request: UserRequest, form: AlertForm, found: AlertConfig | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "config": found, "symbols": symbols_to_offer(), "tab": "asked"}
    context["chosen"] = {name: form.chosen(name) for name in ("alert_type", "price_what", "risk_measure")}
    if found:
        context["row"] = config_rows([found], now=now())[0]
        context["told"] = told_by(found)
    return show(request, "dashboard/alerts/form.html", context, active="alerts", status=422 if form.errors else 200)
