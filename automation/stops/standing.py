"""Which rules and resting orders sell the holdings of a portfolio, at which price now: a few queries for all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q

from automation.explaining import Explanation, explain_many
from automation.models import Action, ActionStatus, ActionType, Mode
from automation.sentences import sentence
from automation.stops.protection import Holding, Kind, Protection, Stop, protect
from common.errors import NotFound
from common.money import HUNDRED, ZERO, nano, plain
from orders.models import Order, OrderType, Side
from orders.states import IN_FLIGHT
from portfolios.models import Portfolio
from portfolios.types import Valuation
from portfolios.valuing import value

# What a SELL rule must wait for to be a stop, and in a few words.
_SHORT: dict[str, tuple[Kind, Callable[[Action], str]]] = {
    "price_below": (Kind.FIXED, lambda action: f"stop at ${action.trigger_params['threshold']}"),
    "trailing_stop": (Kind.TRAILING, lambda action: f"trailing {_trail(action)}"),
    "change_pct": (Kind.FALL, lambda action: f"falls {action.trigger_params['change']} %"),
    "time_of_day": (Kind.TIME, lambda action: "time stop"),
    "cron": (Kind.TIME, lambda action: "time stop"),
    "drawdown_above": (Kind.PORTFOLIO, lambda action: f"drawdown {action.trigger_params['percent']} %"),
}


def protections(portfolio: Portfolio, *, now: datetime, valuation: Valuation | None = None) -> dict[str, Protection]:
    """What protects each holding, by symbol."""
    worth = valuation or value(portfolio, now=now)
    stops: dict[str, list[Stop]] = defaultdict(list)
    rules = _selling_rules(portfolio, worth.positions)
    explained = explain_many(rules, now=now)
    holdings = holdings_in(worth)
    for rule in rules:
        symbol = rule.instrument_id or ""
        if is_stop(rule):
            stops[symbol].append(_of_rule(rule, explained[rule.id], holdings[symbol]))
    for order in _resting(portfolio, worth.positions):
        stops[order.instrument_id].append(_of_order(order))
    return {symbol: protect(holding, stops[symbol]) for symbol, holding in holdings.items()}


def protection_of(portfolio: Portfolio, symbol: str, *, now: datetime) -> Protection:
    """What protects one holding. Raises NotFound when nothing of it is held."""
    found = protections(portfolio, now=now).get(symbol)
    if found is None:
        raise NotFound(f"{portfolio.name} holds no {symbol}.")
    return found


def holdings_in(worth: Valuation) -> dict[str, Holding]:
    return {
        symbol: Holding(
            symbol=symbol,
            shares=position.quantity,
            cost=position.cost,
            last=position.price,
            equity=worth.equity,
        )
        for symbol, position in worth.positions.items()
    }


def is_stop(action: Action) -> bool:
    """Whether a SELL rule waits for a fall, or for a time."""
    if action.trigger_type == "trailing_stop":
        return bool(action.trigger_params.get("side", "long") == "long")
    if action.trigger_type == "change_pct":
        return bool(action.trigger_params["direction"] == "down")
    return action.trigger_type in _SHORT


def _selling_rules(portfolio: Portfolio, symbols: Iterable[str]) -> list[Action]:
    left = Q(max_executions__isnull=True) | Q(executions_count__lt=F("max_executions"))
    return list(
        Action.objects.filter(
            left,
            user=portfolio.user_id,
            portfolio=portfolio,
            status=ActionStatus.ACTIVE,
            action_type=ActionType.SELL,
            instrument__in=list(symbols),
        ).order_by("created_at", "id")
    )


def _resting(portfolio: Portfolio, symbols: Iterable[str]) -> list[Order]:
    stops = (OrderType.STOP, OrderType.STOP_LIMIT)
    return list(
        Order.objects.filter(
            portfolio=portfolio,
            instrument__in=list(symbols),
            state__in=IN_FLIGHT,
            side=Side.SELL,
            order_type__in=stops,
        ).order_by("created_at", "id")
    )


def _of_rule(action: Action, explained: Explanation, holding: Holding) -> Stop:
    kind, short = _SHORT[action.trigger_type]
    return Stop(
        kind=kind,
        sentence=sentence(action),
        short=short(action),
        shares=_shares(action, explained.firing_price, holding),
        price=None if kind is Kind.TIME else explained.firing_price,
        due_at=explained.next_due_at,
        acts=action.mode == Mode.AUTO,
        conditional=bool(action.conditions),
        group=action.group,
        action_id=action.id,
    )


def _shares(action: Action, price: Decimal | None, holding: Holding) -> Decimal | None:
    """Shares it sells. A percentage of the equity or an amount is turned into shares at the price it fires at."""
    if action.quantity is not None:
        return action.quantity
    if action.percent_of_position is not None:
        return nano(holding.shares * action.percent_of_position / HUNDRED)
    price = price or holding.last
    if action.amount_usd is None or not price:
        return None
    return min(nano(action.amount_usd / price), holding.shares)


def _of_order(order: Order) -> Stop:
    left = (order.quantity or ZERO) - order.filled_quantity
    price = order.stop_price or ZERO
    limit = f", then at ${plain(order.limit_price)} or better" if order.limit_price is not None else ""
    return Stop(
        kind=Kind.FIXED,
        sentence=f"Stop order at the broker: sell {plain(left)} {order.instrument_id} at ${plain(price)}{limit}.",
        short=f"stop order at ${plain(price)}",
        shares=left,
        price=price,
        order_id=order.id,
    )


def _trail(action: Action) -> str:
    params = action.trigger_params
    return f"{params['percent']} %" if params.get("percent") else f"${params['amount']}"
