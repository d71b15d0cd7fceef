"""What the gate looked at, short enough to keep with every order, so that it can be judged again under other limits.

`restore` makes a snapshot that the gate cannot tell from the original as far as this one order goes: sums stand in for
the holdings and orders they were made of. Plain Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from common.money import plain
from safety.book import MINUTE, RULE, Book, SymbolFlight, book_of
from safety.types import AccountView, InstrumentView, PolicyView, ProposedOrder, QuoteView, Snapshot, SwitchView

AGENT = "agent_run"
MEMORY = 60  # seconds for which earlier orders are known at least: rates are per minute


def compact(order: ProposedOrder, snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as far as it matters to `order`: JSON, decimals and times as text. Take it before judging."""
    symbol, book = order.symbol, book_of(snapshot)
    since = snapshot.now - MINUTE
    like = book.last_like((symbol, order.side, order.quantity), besides=order.order_id)
    return {
        "at": snapshot.now.isoformat(),
        "date": snapshot.trading_date.isoformat(),
        "killed": list(snapshot.switches.killed),
        "trading_state": snapshot.switches.trading_state,
        "account": _account(snapshot.account),
        "cash": plain(snapshot.cash),
        "equity": _text(snapshot.equity),
        "day_start": _text(snapshot.day_start_equity),
        "peak": _text(snapshot.peak_equity),
        "held": _text(snapshot.positions.get(symbol)),
        "price": _text(snapshot.prices.get(symbol)),
        "instrument": _instrument(snapshot.instruments.get(symbol)),
        "quote": _quote(snapshot.quotes.get(symbol)),
        "symbol_flight": _flight(book.flight(symbol)),
        "open_orders": book.open_orders,
        "buy_value": plain(book.buy_value),
        "cushioned_value": plain(book.cushioned_value),
        "held_value": plain(book.held_value),
        "unpriced": list(book.unpriced),
        "trades": snapshot.trades_today,
        "turnover": plain(snapshot.turnover_today),
        "allowance": _text(snapshot.position_allowances.get(symbol)),
        "minute": [
            book.placed_since(since, besides=order.order_id),
            book.placed_since(since, symbol=symbol, besides=order.order_id),
        ],
        "like": None if like is None else like.isoformat(),
        "memory": max(MEMORY, snapshot.policy.duplicate_window_seconds),
        **(_loop(book, order, snapshot) if order.source_kind == RULE else {}),
        **(_agent(order, snapshot) if order.source_kind == AGENT else {}),
        **({"loss_sale": _time(snapshot.loss_sales.get(symbol))} if snapshot.policy.wash_sale_lock else {}),
    }


def restore(facts: Mapping[str, Any], order: ProposedOrder, policy: PolicyView) -> Snapshot:
    """The snapshot that `facts` were taken from, under `policy`. For judging `order` and nothing else."""
    symbol, at = order.symbol, datetime.fromisoformat(facts["at"])
    kind, live, usable, blocked_reason, reconciled, armed = facts["account"]
    held, price, allowance = (_number(facts[name]) for name in ("held", "price", "allowance"))
    instrument, quote = facts["instrument"], facts["quote"]
    snapshot = Snapshot(
        now=at,
        trading_date=date.fromisoformat(facts["date"]),
        policy=policy,
        switches=SwitchView(killed=tuple(facts["killed"]), trading_state=facts["trading_state"]),
        account=AccountView(
            kind=kind, live=live, usable=usable, blocked_reason=blocked_reason, reconciled=reconciled, armed=armed
        ),
        cash=Decimal(facts["cash"]),
        equity=_number(facts["equity"]),
        day_start_equity=_number(facts["day_start"]),
        peak_equity=_number(facts["peak"]),
        positions={} if held is None else {symbol: held},
        prices={} if price is None else {symbol: price},
        instruments={} if instrument is None else {symbol: _instrument_view(symbol, instrument)},
        quotes={} if quote is None else {symbol: _quote_view(quote)},
        trades_today=facts["trades"],
        turnover_today=Decimal(facts["turnover"]),
        position_allowances={} if allowance is None else {symbol: allowance},
        loss_sales={symbol: datetime.fromisoformat(facts["loss_sale"])} if facts.get("loss_sale") else {},
        agent_orders_today=facts.get("agent_orders", 0),
        tainted_runs=frozenset([order.source_id]) if facts.get("tainted") else frozenset(),
    )
    object.__setattr__(snapshot, "_book", _book(facts, order, snapshot))
    return snapshot


def too_short(facts: Mapping[str, Any], policy: PolicyView) -> bool:
    """Whether `policy` looks further back, for the same order, for loops or for losses, than was for the facts."""
    if policy.wash_sale_lock and "loss_sale" not in facts:
        return True
    looped = bool(policy.loop_round_trips) and policy.loop_window_minutes > facts.get(
        "loop_minutes", policy.loop_window_minutes
    )
    return looped or (facts["like"] is None and policy.duplicate_window_seconds > facts["memory"])


def _loop(book: Book, order: ProposedOrder, snapshot: Snapshot) -> dict[str, Any]:
    """The trades of rules in the symbol, and how far back they were looked for: a rule's order only."""
    trades = book.rule_trades.get(order.symbol, ())
    minutes = snapshot.policy.loop_window_minutes if snapshot.policy.loop_round_trips else 0
    return {"loop_minutes": minutes, "loop_trades": [[at.isoformat(), side] for at, side in trades]}


def _agent(order: ProposedOrder, snapshot: Snapshot) -> dict[str, Any]:
    """What only the agent's orders are judged by."""
    return {"agent_orders": snapshot.agent_orders_today, "tainted": order.source_id in snapshot.tainted_runs}


def _book(facts: Mapping[str, Any], order: ProposedOrder, snapshot: Snapshot) -> Book:
    book = Book(snapshot)
    flight = book.flights[order.symbol] = SymbolFlight()
    flight.buys, flight.sells, flight.buy_value = (Decimal(text) for text in facts["symbol_flight"][:3])
    flight.buy_orders, flight.sell_orders, flight.unknown = facts["symbol_flight"][3:]
    book.open_orders = facts["open_orders"]
    book.buy_value, book.cushioned_value = Decimal(facts["buy_value"]), Decimal(facts["cushioned_value"])
    book.held_value, book.unpriced = Decimal(facts["held_value"]), tuple(facts["unpriced"])
    of_account, of_symbol = facts["minute"]
    book.times = [snapshot.now] * of_account
    book.symbol_times = {order.symbol: [snapshot.now] * of_symbol}
    if facts["like"] is not None:
        book.likes = {(order.symbol, order.side, order.quantity): [datetime.fromisoformat(facts["like"])]}
    if facts.get("loop_trades"):
        trades = [(datetime.fromisoformat(at), side) for at, side in facts["loop_trades"]]
        book.rule_trades = {order.symbol: trades}
    return book


def _account(view: AccountView) -> list[Any]:
    return [view.kind, view.live, view.usable, view.blocked_reason, view.reconciled, view.armed]


def _flight(flight: SymbolFlight) -> list[Any]:
    amounts = [plain(flight.buys), plain(flight.sells), plain(flight.buy_value)]
    return [*amounts, flight.buy_orders, flight.sell_orders, flight.unknown]


def _instrument(view: InstrumentView | None) -> list[Any] | None:
    if view is None:
        return None
    opens = None if view.next_open is None else view.next_open.isoformat()
    return [view.active, view.tradable, view.fractionable, view.demo, view.market_open, view.extended_open, opens]


def _instrument_view(symbol: str, kept: list[Any]) -> InstrumentView:
    active, tradable, fractionable, demo, market_open, extended_open, opens = kept
    return InstrumentView(
        symbol=symbol,
        active=active,
        tradable=tradable,
        fractionable=fractionable,
        demo=demo,
        market_open=market_open,
        extended_open=extended_open,
        next_open=None if opens is None else datetime.fromisoformat(opens),
    )


def _quote(view: QuoteView | None) -> list[Any] | None:
    if view is None:
        return None
    prices = [_text(price) for price in (view.last, view.bid, view.ask, view.prev_close)]
    return [*prices, view.at.isoformat(), view.source]


def _quote_view(kept: list[Any]) -> QuoteView:
    last, bid, ask, prev_close, at, source = kept
    return QuoteView(
        last=Decimal(last),
        bid=_number(bid),
        ask=_number(ask),
        prev_close=_number(prev_close),
        at=datetime.fromisoformat(at),
        source=source,
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
