"""Where alerts go besides the site, and what became of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from alerts.channels import keeping
from alerts.channels.services import SERVICES, recognised, service_of
from alerts.models import AlertChannel, Delivery
from common.clock import now
from common.errors import InvalidInput, PufflingError
from dashboard.channel_form import HOW_LOUD, ChannelForm
from dashboard.doors import UserRequest, attempt, back, page, show
from dashboard.selectors.channels import channel_row, channel_rows, delivery_page, latest_deliveries


@require_GET
@page
def channels(request: UserRequest) -> HttpResponse:
    """Every channel with its latest test, what can be added, and the latest deliveries."""
    context = {
        "channels": channel_rows(request.user, now=now()),
        "services": SERVICES.values(),
        "no_mail": not settings.CONFIG.smtp_url,
        "rows": latest_deliveries(request.user),
        "tab": "notifications",
    }
    return show(request, "dashboard/settings/channels.html", context, active="settings")


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@page
def new(request: UserRequest, service: str) -> HttpResponse:
    """Add one: the service's own fields."""
    form = ChannelForm(request.POST or None, service=service_of(service), zone=request.user.time_zone)
    if request.method == "POST":
        try:
            made, key = keeping.create(user=request.user, data=form.api_data(), now=now())
        except InvalidInput as error:
            form.blame(error)
        except PufflingError as error:
            messages.error(request, error.detail)
        else:
            return _kept(request, made, key, "It is kept. Send a test to see that it arrives.")
    return _form(request, form)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@page
def channel(request: UserRequest, channel_id: UUID) -> HttpResponse:
    """Change one. Where it sends stays unless it is written anew."""
    found = keeping.channel_of(request.user, channel_id)
    service = recognised(found.kind, found.hint)
    form = ChannelForm(request.POST or None, service=service, zone=request.user.time_zone, channel=found)
    if request.method == "POST":
        try:
            made, key = keeping.update(user=request.user, channel_id=channel_id, changes=form.api_data(), now=now())
        except InvalidInput as error:
            form.blame(error)
        except PufflingError as error:
            messages.error(request, error.detail)
        else:
            return _kept(request, made, key, "Saved.")
    return _form(request, form)


@require_POST
@page
def channel_do(request: UserRequest, channel_id: UUID, verb: str) -> HttpResponse:
    """Test, switch on or off, delete."""
    user = request.user
    if verb == "test":
        attempt(request, None, lambda: keeping.send_test(user=user, channel_id=channel_id, now=now()))
        return back(request, "dashboard:channels")
    if verb == "delete":
        words = "The channel is gone, with its address and its deliveries. The alerts stay."
        attempt(request, words, lambda: keeping.delete(user=user, channel_id=channel_id, now=now()))
        return redirect("dashboard:channels")
    changes = {"enabled": verb == "enable"}
    attempt(request, None, lambda: keeping.update(user=user, channel_id=channel_id, changes=changes, now=now()))
    return back(request, "dashboard:channels")


@require_GET
@page
def deliveries(request: UserRequest) -> HttpResponse:
    """The log of what was sent where."""
    filters = {name: request.GET.get(name, "") for name in ("state", "channel")}
    context = {
        "rows": delivery_page(request.user, filters, request.GET.get("page", "1")),
        "filters": filters,
        "filtered": any(filters.values()),
        "states": Delivery.State.choices,
        "channels": AlertChannel.objects.filter(user=request.user).order_by("name"),
        "tab": "notifications",
    }
    return show(request, "dashboard/settings/deliveries.html", context, active="settings")


def _kept(request: UserRequest, made: AlertChannel, key: str, words: str) -> HttpResponse:
    """Back to the list; a webhook's signing key is shown first, once."""
    if not key:
        messages.success(request, words)
        return redirect("dashboard:channels")
    context = {"channel": made, "key": key, "tab": "notifications"}
    answer = show(request, "dashboard/settings/channel_key.html", context, active="settings")
    answer["Cache-Control"] = "no-store"
    return answer


def _form(request: UserRequest, form: ChannelForm) -> HttpResponse:
    found = form.channel
    context: dict[str, Any] = {"form": form, "service": form.service, "how_loud": HOW_LOUD, "tab": "notifications"}
    if found:
        context |= {"row": channel_row(found, now=now()), "rows": latest_deliveries(request.user, found)}
    return show(
        request, "dashboard/settings/channel.html", context, active="settings", status=422 if form.errors else 200
    )
