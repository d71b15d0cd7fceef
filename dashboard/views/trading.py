"""Orders and the portfolio."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from common.clock import now
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.selectors.trading import (
    CANCELLABLE,
    ledger_page,
    open_lots,
    order_detail,
    order_page,
    portfolio_of,
    worth,
)
from orders.approvals import approve, decline
from orders.cancelling import cancel_order
from orders.states import OrderState


@require_GET
@page
def orders(request: UserRequest) -> HttpResponse:
    filters = {name: request.GET.get(name, "") for name in ("state", "symbol")}
    context = {
        "rows": order_page(request.user, filters, request.GET.get("page", "1")),
        "filters": filters,
        "states": OrderState.choices,
        "cancellable": CANCELLABLE,
    }
    return show(request, "dashboard/orders/list.html", context, active="orders")


@require_GET
@page
def order(request: UserRequest, order_id: UUID) -> HttpResponse:
    return show(request, "dashboard/orders/detail.html", order_detail(request.user, order_id), active="orders")


VERBS = {
    "cancel": (cancel_order, "The order was cancelled; what had filled stays filled."),
    "approve": (approve, "Approved: the safety gate looked at it once more."),
    "decline": (decline, "Declined. The order will not be sent."),
}


@require_POST
@page
def order_do(request: UserRequest, order_id: UUID, verb: str) -> HttpResponse:
    """Cancel, approve or decline an order."""
    act, success = VERBS[verb]
    attempt(request, success, lambda: act(user=request.user, order_id=order_id, now=now(), actor=actor(request.user)))
    return back(request, "dashboard:order", order_id=order_id)


@require_GET
@page
def portfolio(request: UserRequest) -> HttpResponse:
    chosen = portfolio_of(request.user, request.GET.get("portfolio", ""))
    context: dict[str, object] = {"portfolio": chosen}
    if chosen:
        context |= worth(chosen, now=now()) | open_lots(chosen)
        context["rows"] = ledger_page(chosen, request.GET.get("page", "1"))
    return show(request, "dashboard/portfolio.html", context, active="portfolio")
