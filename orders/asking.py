"""What a person is asked to approve: the deal, how things stood when it began to wait, and what changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from common.money import HUNDRED, dollars, plain
from orders.auditing import deal_of
from orders.models import Order
from safety.case import denied, money, percent
from safety.types import CheckResult, Snapshot

CHECK = "approval"
MISMATCH, STALE = "APPROVAL_MISMATCH", "APPROVAL_STALE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One thing a person may want to know before the click. `before` and `now` are in words."""

    name: str
    label: str
    before: str
    now: str
    changed: bool


def deal_hash(order: Order) -> str:
    """SHA-256 over everything about an order that makes a difference in money, and whose it is."""
    deal = {
        "order": str(order.pk),
        "client_order_id": order.client_order_id,
        "portfolio": str(order.portfolio_id),
        "source": f"{order.source_kind}:{order.source_id}",
        **deal_of(order),
    }
    return hashlib.sha256(json.dumps(deal, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def begin_to_wait(order: Order, snapshot: Snapshot) -> None:
    """Fix what the person will be asked, in the row object. `snapshot` is the one it was judged by."""
    order.approval_hash = deal_hash(order)
    order.asked = standing(order, snapshot)


def standing(order: Order, snapshot: Snapshot) -> dict[str, Any]:
    """How things stand for an order, as JSON. The order itself must not count in `snapshot`: see `without`."""
    symbol, policy = order.instrument_id, snapshot.policy
    quote, instrument = snapshot.quotes.get(symbol), snapshot.instruments.get(symbol)
    killed = ", ".join(snapshot.switches.killed)
    return {
        "at": snapshot.now.isoformat(),
        "price": None if quote is None else plain(quote.last),
        "quote_age": None if quote is None else max(0, round((snapshot.now - quote.at).total_seconds())),
        "market_open": instrument is not None and instrument.market_open,
        "cash": plain(snapshot.cash),
        "equity": None if snapshot.equity is None else plain(snapshot.equity),
        "position": plain(snapshot.positions.get(symbol, Decimal(0))),
        "open_orders": len(snapshot.in_flight),
        "open_orders_limit": policy.max_open_orders,
        "trades": snapshot.trades_today,
        "trades_limit": policy.max_daily_trades,
        "turnover": plain(snapshot.turnover_today),
        "policy_version": policy.version,
        "trading": f"stopped by the kill switch ({killed})" if killed else snapshot.switches.trading_state,
    }


def without(snapshot: Snapshot, order: Order) -> Snapshot:
    """`snapshot` as if `order`, which waits and is counted in it, were not there."""
    value = (order.quantity or Decimal(0)) * (order.decision_price or Decimal(0))
    return replace(
        snapshot,
        in_flight=tuple(flight for flight in snapshot.in_flight if flight.order_id != order.pk),
        trades_today=snapshot.trades_today - 1,
        turnover_today=snapshot.turnover_today - value,
    )


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """What a person is shown: each thing as it was and as it is. Empty without a `before`."""
    if not before:
        return []
    return [
        _change("price", "Price", before, now, _price, suffix=_moved(before["price"], now["price"])),
        _change("quote_age", "Age of the price", before, now, lambda at: _age(at["quote_age"])),
        _change("market_open", "Market", before, now, lambda at: "open" if at["market_open"] else "closed"),
        _change("cash", "Cash", before, now, lambda at: money(Decimal(at["cash"]))),
        _change("equity", "Portfolio", before, now, lambda at: _amount(at["equity"])),
        _change("position", "You hold", before, now, lambda at: f"{at['position']} shares"),
        _change("open_orders", "Other open orders", before, now, _limited("open_orders")),
        _change("trades", "Orders today", before, now, _limited("trades")),
        _change("turnover", "Traded today", before, now, lambda at: money(Decimal(at["turnover"]))),
        _change("policy_version", "Limits", before, now, lambda at: f"version {at['policy_version']}"),
        _change("trading", "Trading", before, now, lambda at: str(at["trading"])),
    ]


def other_terms(order: Order) -> CheckResult | None:
    """Whether the order is not the one the person was asked about. Asked again before it leaves."""
    if deal_hash(order) == order.approval_hash and order.asked:
        return None
    return denied(
        CHECK,
        MISMATCH,
        "The order is not the one that was put before you: its terms were changed meanwhile. Place it again.",
    )


def reason_to_refuse(order: Order, snapshot: Snapshot) -> CheckResult | None:
    """Why this is not the deal the person was asked about any more, if so: other terms, or another price."""
    if tampered := other_terms(order):
        return tampered
    quote = snapshot.quotes.get(order.instrument_id)
    if quote is None or order.asked["price"] is None:
        return denied(CHECK, STALE, f"{order.instrument_id} has no price to compare with. Place the order again.")
    then = Decimal(order.asked["price"])
    moved = abs(quote.last - then) * HUNDRED / then
    limit = snapshot.policy.approval_collar_pct
    if moved <= limit:
        return None
    return denied(
        CHECK,
        STALE,
        f"The price was {dollars(then)} when you were asked and is {dollars(quote.last)} now: {percent(moved)} away, "
        f"the limit is {percent(limit)}. Place the order again if you still want it.",
        price_then=then,
        price_now=quote.last,
        moved_pct=moved,
        limit_pct=limit,
    )


def seconds_left(order: Order, now: datetime) -> int:
    """How long it still waits; 0 when its time is over."""
    return max(0, int((order.expires_at - now).total_seconds()))


def _change(name: str, label: str, before: Any, now: Any, words: Any, *, suffix: str = "") -> Change:
    old, new = words(before), words(now)
    return Change(name=name, label=label, before=old, now=new + suffix, changed=old != new)


def _price(at: Mapping[str, Any]) -> str:
    return "unknown" if at["price"] is None else dollars(at["price"])


def _moved(before: str | None, now: str | None) -> str:
    if before is None or now is None or before == now:
        return ""
    moved = (Decimal(now) - Decimal(before)) * HUNDRED / Decimal(before)
    return f" ({'+' if moved > 0 else '−'}{percent(abs(moved))})"


def _age(seconds: int | None) -> str:
    return "unknown" if seconds is None else f"{seconds} s"


def _amount(text: str | None) -> str:
    return "unknown" if text is None else money(Decimal(text))


def _limited(name: str) -> Any:
    return lambda at: f"{at[name]} of at most {at[f'{name}_limit']}"
