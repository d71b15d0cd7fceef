"""What a run begins with: the portfolio, the rules, what happened lately. Numbers as strings, a few queries.

Texts people wrote (names, notes, messages) are not among them: they would be words of nobody we know.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count

from accounts.models import User
from agent.showing import written_in
from alerts.models import Alert
from automation.explaining import explain_many
from automation.jobs.facts import movers, percent
from automation.models import Action, ActionExecution, ActionStatus
from common.money import plain
from markets.news.keeping import counts
from markets.selectors import latest_quotes
from orders.models import Order
from orders.states import OrderState
from portfolios.models import Portfolio
from portfolios.types import Valuation
from portfolios.valuing import value

NEAREST_RULES = 15
LATELY = timedelta(hours=24)


def gather(*, user: User, portfolio: Portfolio, now: datetime) -> dict[str, Any]:
    """Everything, as JSON."""
    valuation = value(portfolio, now=now)
    symbols = sorted(valuation.positions)
    return {
        "at": now.isoformat(timespec="seconds"),
        "portfolio": portfolio_facts(valuation),
        "rules": _rules(user, portfolio, now),
        "moves_today": _moves(symbols),
        "last_24_hours": _lately(user, portfolio, now),
        **_news(user, symbols, now),
    }


def _news(user: User, symbols: list[str], now: datetime) -> dict[str, Any]:
    """How many articles came in about each holding; nothing at all when none did. Not a word of them."""
    found = counts(user_id=user.pk, symbols=symbols, since=now - LATELY)
    return {"news_last_24_hours": found} if found else {}


def portfolio_facts(valuation: Valuation) -> dict[str, Any]:
    """What is held, at the latest prices."""
    equity = valuation.equity
    return {
        "equity": _text(equity),
        "cash": plain(valuation.cash),
        "day_pnl": _text(valuation.day_pnl),
        "drawdown_percent": _drawdown(valuation),
        "without_a_price": list(valuation.unpriced),
        "holdings": [
            {
                "symbol": symbol,
                "quantity": plain(one.quantity),
                "price": _text(one.price),
                "value": _text(one.value),
                "weight_percent": _share(one.value, equity),
                "unrealised": _text(one.unrealised),
                "unrealised_percent": _share(one.unrealised, one.cost),
            }
            for symbol, one in sorted(valuation.positions.items())
        ],
    }


def _drawdown(valuation: Any) -> str | None:
    if valuation.equity is None or not valuation.peak_equity:
        return None
    return _share(valuation.peak_equity - valuation.equity, valuation.peak_equity)


def _rules(user: User, portfolio: Portfolio, now: datetime) -> dict[str, Any]:
    """How many stand how, and the active ones that are nearest to firing."""
    mine = Action.objects.filter(user=user, portfolio=portfolio)
    counts = dict(mine.values_list("status").annotate(Count("pk")))
    active = list(
        mine.filter(status=ActionStatus.ACTIVE).select_related("instrument", "goal").order_by("-created_at")[:300]
    )
    explained = explain_many(active, now=now)
    known = [action for action in active if explained[action.pk].distance_percent is not None]
    known.sort(key=lambda action: abs(explained[action.pk].distance_percent or Decimal(0)))
    due = [action for action in active if explained[action.pk].next_due_at is not None]
    due.sort(key=lambda action: explained[action.pk].next_due_at or now)
    return {
        "counts": {str(status): count for status, count in counts.items()},
        "nearest": [
            {
                "id": str(action.pk),
                "rule": _ours(action, explained[action.pk].sentence),
                "distance_percent": plain(
                    (explained[action.pk].distance_percent or Decimal(0)).quantize(Decimal("0.01"))
                ),
                "fires_at": _text(explained[action.pk].firing_price),
            }
            for action in known[:NEAREST_RULES]
        ],
        "next_due": [
            {
                "id": str(action.pk),
                "rule": _ours(action, explained[action.pk].sentence),
                "at": at.isoformat(timespec="minutes"),
            }
            for action in due[:5]
            if (at := explained[action.pk].next_due_at) is not None
        ],
    }


def _ours(action: Action, sentence: str) -> str:
    """The sentence, unless it quotes what people wrote: then what kind of rule it is."""
    if any(text in sentence for text in written_in(action)):
        return f"A {action.action_type} rule of {action.instrument_id or 'the portfolio'} with {action.trigger_type}."
    return sentence


def _moves(symbols: list[str]) -> list[dict[str, Any]]:
    """What the holdings did since the previous close, the largest first."""
    return [
        {"symbol": move["symbol"], "percent": move["change_percent"], "price": move["last"]}
        for move in movers(latest_quotes(symbols).values(), most=10)
    ]


def _lately(user: User, portfolio: Portfolio, now: datetime) -> dict[str, Any]:
    since = now - LATELY
    executions = ActionExecution.objects.filter(action__user=user, triggered_at__gte=since)
    orders = Order.objects.filter(portfolio=portfolio, created_at__gte=since)
    denied = orders.filter(state=OrderState.BLOCKED).values_list("reason_code").annotate(Count("pk"))
    return {
        "firings": dict(executions.values_list("state").annotate(Count("pk"))),
        "orders": dict(orders.values_list("state").annotate(Count("pk"))),
        "denied_for": dict(denied),
        "fills": [
            {
                "symbol": order.instrument_id,
                "side": order.side,
                "quantity": plain(order.filled_quantity),
                "price": _text(order.average_price),
            }
            for order in orders.filter(filled_quantity__gt=0).order_by("-created_at")[:10]
        ],
        "alerts": dict(
            Alert.objects.filter(user=user, triggered_at__gte=since).values_list("kind").annotate(Count("pk"))
        ),
        "unacknowledged_critical": Alert.objects.filter(
            user=user, severity=Alert.Severity.CRITICAL, acknowledged_at__isnull=True
        ).count(),
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _share(part: Decimal | None, whole: Decimal | None) -> str | None:
    return None if part is None or not whole else percent(part, whole)


def _money(amount: str) -> str:
    return f"${Decimal(amount):,.2f}"


def _moved(by: str, unit: str) -> str:
    """'up $74.88', 'down 0.29 %', 'unchanged'."""
    size = Decimal(by)
    if not size:
        return "unchanged"
    return f"{'up' if size > 0 else 'down'} {_money(str(abs(size))) if unit == '$' else f'{plain(abs(size))} %'}"


def as_lines(facts: Mapping[str, Any]) -> list[str]:
    """The facts as short sentences, for the offline analyst."""
    book, rules, lately = facts["portfolio"], facts["rules"], facts["last_24_hours"]
    lines = []
    if book["equity"] is not None:
        change = f", {_moved(book['day_pnl'], '$')} today" if book["day_pnl"] is not None else ""
        lines.append(f"The portfolio is worth {_money(book['equity'])}{change}; {_money(book['cash'])} of it is cash.")
    if book["drawdown_percent"] not in (None, "0"):
        lines.append(f"It is {book['drawdown_percent']} % below its best.")
    for move in facts["moves_today"][:3]:
        lines.append(
            f"{move['symbol']} is at ${move['price']}, {_moved(move['percent'], '%')} since the previous close."
        )
    for rule in rules["nearest"][:3]:
        lines.append(f"Nearest to firing ({rule['distance_percent']} % away): {rule['rule']}")
    for rule in rules["next_due"][:2]:
        at = datetime.fromisoformat(str(rule["at"])).astimezone(UTC)
        lines.append(f"Next by the clock, {at:%Y-%m-%d %H:%M} UTC: {rule['rule']}")
    if lately["firings"]:
        told = ", ".join(f"{count} {state}" for state, count in sorted(lately["firings"].items()))
        lines.append(f"Rules fired in the last 24 hours: {told}.")
    if news := facts.get("news_last_24_hours"):
        lines.append(f"News in the last 24 hours: {', '.join(f'{symbol} {count}' for symbol, count in news.items())}.")
    return lines
