"""Carry orders over a split: what rests at the paper broker is scaled, what has not been sent is not sent any more.

A broker outside adjusts (or cancels) the orders it holds by its own rules: those stay as they are here, and the
reconciler takes over what became of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brokers.adapters.paper import rescaling as paper
from brokers.models import BrokerAccount
from brokers.port import is_local
from brokers.registry import broker_for
from common.errors import Conflict
from common.money import ZERO, nano, shares
from orders import fills
from orders.auditing import Step
from orders.cancelling import NOT_SENT, cancel_all
from orders.models import Order
from orders.moving import record
from orders.placing import lock_portfolio
from orders.states import AT_BROKER, IN_FLIGHT, OrderState
from orders.telling import announce_orders
from portfolios.models import Portfolio

PRICES = ("limit_price", "stop_price", "average_price", "decision_price")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rescaled:
    """An order whose numbers changed. `gone`: less than a share was left of it, so it was cancelled."""

    order: Order
    user_id: int
    gone: bool


def rescale(
    *, symbol: str, new: int, old: int, fractional: bool, effective_at: datetime, now: datetime
) -> list[Rescaled]:
    """Rescale every open order in the symbol that is older than the split. Hold the quote's lock, in a transaction."""
    open_orders = Order.objects.filter(instrument=symbol, state__in=IN_FLIGHT, created_at__lt=effective_at)
    portfolios = list(open_orders.order_by("portfolio").values_list("portfolio", flat=True).distinct())
    rescaled: list[Rescaled] = []
    for portfolio_id in portfolios:
        rescaled += _rescale_in(portfolio_id, symbol, new, old, fractional, effective_at, now)
    return rescaled


def _rescale_in(
    portfolio_id: UUID, symbol: str, new: int, old: int, fractional: bool, effective_at: datetime, now: datetime
) -> list[Rescaled]:
    portfolio, account = lock_portfolio(portfolio_id)
    broker = broker_for(account, clock=lambda: now)
    mine = Order.objects.filter(portfolio=portfolio, instrument=symbol, created_at__lt=effective_at)
    cancel_all(mine.filter(state__in=NOT_SENT), note=f"{symbol} split {new}:{old} before it was sent.", now=now)
    if not is_local(broker):
        return []
    fills.catch_up(portfolio=portfolio, account=account, broker=broker, now=now)  # executed in old shares: book those
    rows = list(mine.filter(state__in=AT_BROKER).select_for_update(no_key=True).order_by("created_at", "pk"))
    kept: list[Order] = []
    gone: list[Order] = []
    for order in rows:
        left = shares(nano((order.quantity or ZERO) * new / old), fractional=fractional)
        filled = shares(nano(order.filled_quantity * new / old), fractional=fractional)
        if left <= filled:
            gone.append(order)
            continue
        order.quantity, order.filled_quantity = left, filled
        for name in PRICES:
            price = getattr(order, name)
            if price is not None:
                setattr(order, name, nano(price * old / new))
        kept.append(order)
    paper.rescale([order.client_order_id for order in kept], new=new, old=old, fractional=fractional)
    Order.objects.bulk_update(kept, ["quantity", "filled_quantity", *PRICES])
    note = f"split {new}:{old}"
    record([Step(order=o, old=OrderState(o.state), new=OrderState(o.state), note=note) for o in kept], now=now)
    cancel_all(
        Order.objects.filter(pk__in=[o.pk for o in gone]), note=f"Nothing is left of it after the {note}.", now=now
    )
    announce_orders(kept, user_id=portfolio.user_id, now=now)
    return [Rescaled(order=order, user_id=portfolio.user_id, gone=order in gone) for order in rows]


def refuse_import(portfolio: Portfolio) -> None:
    """A history is not imported beside a broker outside: Conflict. What that broker holds is the truth, and the
    reconciler would stop the account over every share it does not know of.
    """
    if not embedded([portfolio.pk]):
        raise Conflict(
            f"{portfolio.name} is kept by a broker outside: its positions and cash are what the broker says, and an"
            " import would set the two at odds. Import into a portfolio of its own.",
            code="kept_by_broker",
        )


def embedded(portfolio_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the portfolios whose cash nobody else pays dividends into: without a broker, or with the paper one."""
    accounts = {
        account.portfolio_id: account for account in BrokerAccount.objects.filter(portfolio__in=list(portfolio_ids))
    }
    return {pk for pk in portfolio_ids if pk not in accounts or is_local(broker_for(accounts[pk]))}
