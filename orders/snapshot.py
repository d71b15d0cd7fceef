"""What the gate looks at, read once per batch under the portfolio's lock: the number of queries is constant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, F, Q, QuerySet, Sum, When

from brokers.models import BrokerAccount
from common.money import ZERO
from markets import calendar, selectors
from markets.models import Instrument, Quote
from orders.models import Order, Source
from orders.states import IN_FLIGHT, OrderState
from portfolios import valuing
from portfolios.goals.allowing import allowances
from portfolios.goals.reading import loss_sales
from portfolios.models import Portfolio
from safety import policies
from safety.sizing import worst_price
from safety.switch import Switches
from safety.types import AccountView, InFlight, InstrumentView, PolicyView, QuoteView, RecentOrder, Snapshot

# Orders that never count for the day: they never left, or the broker did not take them.
UNCOUNTED = (
    OrderState.PROPOSED,
    OrderState.BLOCKED,
    OrderState.DECLINED,
    OrderState.NOT_ACCEPTED,
    OrderState.REJECTED,
)
FLIGHT = (
    "pk", "instrument_id", "side", "quantity", "filled_quantity", "state", "limit_price", "stop_price",
    "decision_price", "reduce_only", "order_type",
)  # fmt: skip
SHORTEST_MEMORY = timedelta(seconds=60)  # rates are per minute


def take(
    portfolio: Portfolio,
    account: BrokerAccount,
    *,
    symbols: Iterable[str],
    switches: Switches,
    now: datetime,
    exclude: Collection[UUID] = (),
) -> Snapshot:
    """The portfolio as it is, without the orders in `exclude` (those about to be judged). Hold the portfolio's lock."""
    wanted = set(symbols)
    policy = policies.policy_for(portfolio)
    others = Order.objects.filter(portfolio=portfolio).exclude(pk__in=exclude)
    open_orders = list(others.filter(state__in=IN_FLIGHT).values_list(*FLIGHT, named=True))
    quotes = quotes_of(wanted | {order.instrument_id for order in open_orders})
    instruments = {i.symbol: i for i in Instrument.objects.filter(symbol__in=wanted)}
    dates = {calendar.trading_date(i.exchange_id, now) for i in instruments.values()}
    valuation = valuing.value(portfolio, now=now)
    trades, turnover, agents = _today(others, dates)
    held = {symbol: position.quantity for symbol, position in valuation.positions.items()}
    prices = {s: p.price for s, p in valuation.positions.items() if p.price is not None}
    prices.update({symbol: quote.last for symbol, quote in quotes.items()})
    return Snapshot(
        now=now,
        trading_date=max(dates, default=now.date()),
        policy=policy,
        switches=switches.view(portfolio_id=portfolio.pk),
        account=AccountView(
            kind=account.kind,
            live=account.live,
            usable=not account.blocked_reason,
            blocked_reason=account.blocked_reason,
            reconciled=not account.mismatch,
        ),
        cash=valuation.cash,
        equity=valuation.equity,
        day_start_equity=valuation.day_start_equity,
        peak_equity=portfolio.peak_equity or None,
        positions=held,
        prices=prices,
        instruments=_views(instruments, now),
        quotes=quotes,
        in_flight=tuple(_in_flight(order, quotes) for order in open_orders),
        recent=_recent(others, policy, wanted, now),
        trades_today=trades,
        turnover_today=turnover,
        position_allowances=allowances(portfolio),
        loss_sales=loss_sales(portfolio, now, wanted) if policy.wash_sale_lock else {},
        agent_orders_today=agents,
    )


def quotes_of(symbols: Collection[str]) -> dict[str, QuoteView]:
    """The standing quotes, as the gate sees them."""
    return {symbol: _quote(quote) for symbol, quote in selectors.latest_quotes(symbols).items()}


def _quote(quote: Quote) -> QuoteView:
    return QuoteView(
        last=quote.last,
        bid=quote.bid,
        ask=quote.ask,
        prev_close=quote.prev_close,
        at=quote.at,
        source=quote.source,
    )


def _views(instruments: Mapping[str, Instrument], now: datetime) -> dict[str, InstrumentView]:
    codes = {i.exchange_id for i in instruments.values()}
    is_open = {code: calendar.is_open(code, now) for code in codes}
    following = {code: None if is_open[code] else calendar.next_session(code, now) for code in codes}
    opens = {code: session.opens_at if session else None for code, session in following.items()}
    return {
        symbol: InstrumentView(
            symbol=symbol,
            active=i.active,
            tradable=i.tradable,
            fractionable=i.fractionable,
            demo=i.demo,
            market_open=is_open[i.exchange_id],
            extended_open=calendar.is_extended(i.exchange_id, now),
            next_open=opens[i.exchange_id],
        )
        for symbol, i in instruments.items()
    }


def _in_flight(order: Any, quotes: Mapping[str, QuoteView]) -> InFlight:
    """`order` is a row of FLIGHT."""
    quote = quotes.get(order.instrument_id)
    price = worst_price(side=order.side, quote=quote, limit_price=order.limit_price, stop_price=order.stop_price)
    return InFlight(
        order_id=order.pk,
        symbol=order.instrument_id,
        side=order.side,
        remaining=(order.quantity or ZERO) - order.filled_quantity,
        price=price or order.decision_price or ZERO,
        state=order.state,
        reduce_only=order.reduce_only,
        order_type=order.order_type,
    )


def _recent(
    orders: QuerySet[Order], policy: PolicyView, symbols: Collection[str], now: datetime
) -> tuple[RecentOrder, ...]:
    """Every order of the last minute or so; and, further back, what rules traded of `symbols`: it may be a loop."""
    memory = max(SHORTEST_MEMORY, timedelta(seconds=policy.duplicate_window_seconds))
    wanted = Q(created_at__gt=now - memory)
    if policy.loop_round_trips:
        wanted |= Q(instrument__in=symbols, source_kind=Source.ACTION_EXECUTION, filled_quantity__gt=0)
        memory = max(memory, timedelta(minutes=policy.loop_window_minutes))
    rows = (
        orders.filter(wanted, created_at__gt=now - memory)
        .exclude(state=OrderState.BLOCKED)
        .values_list(
            "pk", "instrument_id", "side", "quantity", "created_at", "source_kind", "source_id", "filled_quantity"
        )
    )
    return tuple(
        RecentOrder(
            order_id=pk,
            symbol=symbol,
            side=side,
            quantity=quantity or ZERO,
            at=at,
            source_kind=kind,
            source_id=source,
            filled=filled > 0,
        )
        for pk, symbol, side, quantity, at, kind, source, filled in rows
    )


def _today(orders: QuerySet[Order], dates: Collection[date]) -> tuple[int, Decimal, int]:
    """Orders and dollars that count against the daily limits: what filled, and what still may; orders of the agent."""
    counted = orders.filter(trading_date__in=dates).exclude(state__in=UNCOUNTED)
    # An order that ended before the broker took it was never a trade.
    counted = counted.exclude(state__in=[OrderState.EXPIRED, OrderState.CANCELLED], accepted_at=None)
    value = Case(
        When(state__in=IN_FLIGHT, then=F("quantity") * F("decision_price")),
        default=F("filled_value"),
    )
    agents = Count("pk", filter=Q(source_kind=Source.AGENT_RUN))
    found = counted.aggregate(count=Count("pk"), value=Sum(value), agents=agents)
    return found["count"], found["value"] or ZERO, found["agents"]
