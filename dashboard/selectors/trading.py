"""Orders, and what a portfolio is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from accounts.models import User
from automation.models import Action
from common.errors import NotFound
from common.money import percent_of
from dashboard.selectors.order_story import checks_of, timeline
from orders.approvals import questions
from orders.models import Order, Source
from orders.states import IN_FLIGHT, OrderState
from portfolios.models import Portfolio
from portfolios.valuing import Valuation, value

PAGE = 50
LATEST = 8
MOST_QUESTIONS = 10  # waiting orders shown with what changed since
CANCELLABLE = frozenset(IN_FLIGHT) - {OrderState.SUBMITTING}


@dataclass(frozen=True, kw_only=True)
class HoldingRow:
    """One holding at the standing price; what needs a price is None without one."""

    symbol: str
    quantity: Decimal
    price: Decimal | None
    value: Decimal | None
    gain: Decimal | None
    gain_percent: Decimal | None
    weight: Decimal | None


def portfolio_of(user: User, chosen: str = "") -> Portfolio | None:
    """The chosen portfolio, or the primary one; None if there is none. Raises NotFound for anybody else's."""
    portfolios = Portfolio.objects.filter(user=user).select_related("broker_account")
    if not chosen:
        return portfolios.order_by("-primary", "created_at").first()
    try:
        found = portfolios.filter(pk=UUID(chosen)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"There is no portfolio {chosen}.")
    return found


def worth(portfolio: Portfolio, *, now: datetime) -> dict[str, Any]:
    """The tiles and the holdings table."""
    valuation: Valuation = value(portfolio, now=now)
    holdings = holding_rows(valuation)
    gains = [row.gain for row in holdings if row.gain is not None]
    start = valuation.day_start_equity
    return {
        "valuation": valuation,
        "holdings": holdings,
        "open_gain": sum(gains, Decimal(0)),
        "cash_percent": percent_of(valuation.cash, valuation.equity) if valuation.equity else None,
        "day_percent": percent_of(valuation.day_pnl, start) if start and valuation.day_pnl is not None else None,
    }


def holding_rows(valuation: Valuation) -> list[HoldingRow]:
    """The largest first."""
    rows = []
    for symbol, position in valuation.positions.items():
        gain = position.unrealised
        rows.append(
            HoldingRow(
                symbol=symbol,
                quantity=position.quantity,
                price=position.price,
                value=position.value,
                gain=gain,
                gain_percent=None if gain is None else percent_of(gain, position.cost),
                weight=percent_of(position.value, valuation.equity) if position.value and valuation.equity else None,
            )
        )
    return sorted(rows, key=lambda row: (-(row.value or 0), row.symbol))


def orders_of(user: User) -> QuerySet[Order]:
    """The user's orders, newest first."""
    return Order.objects.filter(portfolio__user=user).order_by("-created_at")


def latest_orders(portfolio: Portfolio) -> list[Order]:
    return list(Order.objects.filter(portfolio=portfolio).order_by("-created_at")[:LATEST])


def order_page(user: User, filters: Mapping[str, str], number: str) -> Page[Order]:
    """`filters`: state (a state, or open), symbol, side, source (a kind)."""
    orders = orders_of(user)
    if filters.get("state") == "open":
        orders = orders.filter(state__in=[*IN_FLIGHT])
    elif filters.get("state") in OrderState.values:
        orders = orders.filter(state=filters["state"])
    if filters.get("symbol"):
        orders = orders.filter(instrument_id=filters["symbol"].upper())
    if filters.get("side"):
        orders = orders.filter(side=filters["side"])
    if filters.get("source"):
        orders = orders.filter(source_kind=filters["source"])
    return Paginator(orders, PAGE).get_page(number)


def waiting_orders(user: User, *, now: datetime) -> dict[str, Any]:
    """The orders that wait for this user, those that expire first, with what changed since; and how many more wait."""
    waiting = orders_of(user).filter(state=OrderState.AWAITING_APPROVAL).order_by("expires_at", "pk")
    found = list(waiting[: MOST_QUESTIONS + 1])
    more = waiting.count() - MOST_QUESTIONS if len(found) > MOST_QUESTIONS else 0
    return {"questions": questions(found[:MOST_QUESTIONS], now=now), "more_waiting": more}


def order_detail(user: User, order_id: UUID, *, now: datetime) -> dict[str, Any]:
    """An order with its way, its fills, the rule behind it, and what changed if it waits for an approval.

    Raises NotFound for anybody else's.
    """
    order = orders_of(user).select_related("account").filter(pk=order_id).first()
    if order is None:
        raise NotFound(f"There is no order {order_id}.")
    action = None
    if order.source_kind == Source.ACTION_EXECUTION:
        action = Action.objects.filter(user=user, executions__id=order.source_id).first()
    fills = list(order.fills.order_by("at", "pk"))
    return {
        "order": order,
        "question": questions([order], now=now)[0],
        "action": action,
        "steps": timeline(order, order.transitions.order_by("at", "pk"), fills),
        "checks": checks_of(order.verdict),
        "fills": fills,
        "cancellable": CANCELLABLE,
    }
