"""Orders and the portfolio."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from common.clock import now
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.selectors.trading import (
    CANCELLABLE,
    order_detail,
    order_page,
    waiting_orders,
)
from orders.approvals import approve, decline
from orders.cancelling import cancel_order
from orders.models import Order, Side, Source
from orders.states import OrderState


@require_GET
@page
def orders(request: UserRequest) -> HttpResponse:
    filters = {name: request.GET.get(name, "") for name in ("state", "symbol", "side", "source")}
    context = {
        "rows": order_page(request.user, filters, request.GET.get("page", "1")),
        "filters": filters,
        "filtered": any(filters.values()),
        "states": OrderState.choices,
        "sides": Side.choices,
        "sources": Source.choices,
        "cancellable": CANCELLABLE,
        **waiting_orders(request.user, now=now()),
    }
    return show(request, "dashboard/orders/list.html", context, active="orders")


@require_GET
@page
def order(request: UserRequest, order_id: UUID) -> HttpResponse:
    context = order_detail(request.user, order_id, now=now())
    return show(request, "dashboard/orders/detail.html", context, active="orders")


@require_POST
@page
def order_do(request: UserRequest, order_id: UUID, verb: str) -> HttpResponse:
    """Cancel, approve or decline an order."""
    if verb == "cancel":
        _cancel(request, order_id)
    else:
        _decide(request, order_id, verb)
    return back(request, "dashboard:order", order_id=order_id)


def _cancel(request: UserRequest, order_id: UUID) -> None:
    attempt(
        request,
        "The order was cancelled; what had filled stays filled.",
        lambda: cancel_order(user=request.user, order_id=order_id, now=now(), actor=actor(request.user)),
    )


def _decide(request: UserRequest, order_id: UUID, verb: str) -> None:
    """Approve or decline, and say what came of it: the gate looks once more, and may say no."""
    act = approve if verb == "approve" else decline
    decided: list[Order] = []
    user, note = request.user, request.POST.get("note", "").strip()

    def decide() -> None:
        decided.append(act(user=user, order_id=order_id, now=now(), actor=actor(user), note=note))

    if not attempt(request, None, decide):
        return
    (order,) = decided
    if order.state == OrderState.BLOCKED:
        messages.error(request, f"Not sent. {order.reason}")
    elif verb == "approve":
        messages.success(request, "Approved: the safety gate looked at it once more, and it is sent.")
    else:
        messages.success(request, "Declined. The order will not be sent.")
