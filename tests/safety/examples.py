"""For each denial code: an order just beyond the limit, and one exactly at it. `test_checks` runs them all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from safety.types import AccountView, ProposedOrder, RecentOrder, Snapshot, SwitchView
from tests.safety.making import INSTRUMENT, NOW, SNAPSHOT, D, flight, instrument, order, quoted, recent, snapshot

SECOND = timedelta(seconds=1)
Case = tuple[ProposedOrder, Snapshot]


@dataclass(frozen=True)
class Example:
    """`beyond` is stopped by `code` with a message that contains `says`; `at` passes that check."""

    code: str
    beyond: Case
    at: Case
    says: str


def buy(**changes: object) -> ProposedOrder:
    return order(**changes)


def sell(**changes: object) -> ProposedOrder:
    return order(side="sell", **changes)


def holding(shares: str, **changes: object) -> Snapshot:
    return snapshot(positions={"AAPL": D(shares)}, **changes)


def switched(**changes: object) -> Snapshot:
    return snapshot(switches=SwitchView(**changes))  # type: ignore[arg-type]


def account(**changes: object) -> AccountView:
    return AccountView(**{"kind": "alpaca", "live": True, "armed": True, **changes})  # type: ignore[arg-type]


def limit(price: str, **changes: object) -> ProposedOrder:
    return order(**{"order_type": "limit", "limit_price": D(price), **changes})


def traded(sides: str, *, since: int, filled: bool = True) -> tuple[RecentOrder, ...]:
    """What rules traded of AAPL, a minute apart, the first a little less than `since` minutes ago: b buys, s sells."""
    return tuple(
        recent(
            side="buy" if side == "b" else "sell",
            at=NOW - timedelta(minutes=since - number) + SECOND,
            source_kind="action_execution",
            quantity=D(3 + number),
            filled=filled,
        )
        for number, side in enumerate(sides)
    )


OWN = order()
LOOP = traded("bsbsbs", since=10)
EXAMPLES = (
    Example("KILL_SWITCH_ACTIVE", (buy(), switched(killed=("user", "agent"))), (buy(), switched()), "on (user, agent)"),
    Example(
        "KILL_SWITCH_ACTIVE",
        (sell(), holding("10", switches=SwitchView(killed=("global",)))),
        (buy(), snapshot()),
        "global",
    ),
    Example(
        "STATE_REDUCING",
        (sell(quantity=D("10.1")), holding("10", switches=SwitchView(trading_state="reducing"))),
        (sell(quantity=D(10)), holding("10", switches=SwitchView(trading_state="reducing"))),
        "reducing only",
    ),
    Example("STATE_REDUCING", (buy(), switched(trading_state="reducing")), (buy(), switched()), "this one does not"),
    Example("TRADING_HALTED", (buy(), switched(trading_state="halted")), (buy(), switched()), "halted"),
    Example(
        "TRADING_HALTED",
        (sell(), holding("10", switches=SwitchView(trading_state="halted"))),
        (sell(source_kind="manual"), holding("10", switches=SwitchView(trading_state="halted"))),
        "only what you sell by hand",
    ),
    Example(
        "LIVE_NOT_ARMED",
        (buy(), snapshot(account=account())),
        (buy(), snapshot(account=account(), paper_trading=False)),
        "paper trading only",
    ),
    Example(
        "LIVE_NOT_ARMED",
        (buy(), snapshot(account=account(armed=False), paper_trading=False)),
        (buy(), snapshot(account=account(live=False, armed=False))),
        "is not armed",
    ),
    Example(
        "ACCOUNT_BLOCKED",
        (buy(), snapshot(account=AccountView(kind="paper", live=False, usable=False, blocked_reason="margin call"))),
        (buy(), snapshot()),
        "margin call",
    ),
    Example(
        "RECONCILING",
        (buy(), snapshot(account=AccountView(kind="paper", live=False, reconciled=False))),
        (buy(), snapshot()),
        "compared with our books",
    ),
    Example(
        "UNKNOWN_ORDER_OPEN",
        (buy(), snapshot(in_flight=(flight(state="unknown"),))),
        (buy(), snapshot(in_flight=(flight(state="unknown", symbol="MSFT"), flight(state="submitting")))),
        "1 earlier order(s) in AAPL",
    ),
    Example(
        "INTENT_EXPIRED",
        (buy(expires_at=NOW - SECOND), snapshot()),
        (buy(expires_at=NOW), snapshot()),
        "1 s ago",
    ),
    Example(
        "SYMBOL_NOT_ALLOWED",
        (buy(), snapshot(symbol_whitelist=("MSFT",))),
        (buy(), snapshot(symbol_whitelist=("AAPL", "MSFT"))),
        "whitelist",
    ),
    Example(
        "SYMBOL_NOT_ALLOWED",
        (buy(), snapshot(symbol_blacklist=("AAPL",), symbol_whitelist=("AAPL",))),
        (buy(), snapshot(symbol_blacklist=("MSFT",))),
        "blacklist",
    ),
    Example("ASSET_NOT_TRADABLE", (buy(), instrument(tradable=False)), (buy(), instrument()), "cannot be traded"),
    Example("ASSET_NOT_TRADABLE", (buy(), instrument(active=False)), (buy(), instrument()), "no longer active"),
    Example("ASSET_NOT_TRADABLE", (buy(), snapshot(instruments={})), (buy(), snapshot()), "not a known instrument"),
    Example(
        "ASSET_NOT_TRADABLE",
        (buy(), snapshot(instruments={"AAPL": replace(INSTRUMENT, demo=True)}, account=account(live=False))),
        (buy(), instrument(demo=True)),
        "paper account only",
    ),
    Example("QTY_INVALID", (buy(quantity=D(0)), snapshot()), (buy(quantity=D("0.000000001")), snapshot()), "0 is not"),
    Example(
        "QTY_INVALID",
        (buy(quantity=D("0.0000000001")), snapshot()),
        (buy(quantity=D("1.000000001")), snapshot()),
        "at most 9 decimal places",
    ),
    Example("QTY_INVALID", (buy(quantity=D("NaN")), snapshot()), (buy(), snapshot()), "NaN is not a quantity"),
    Example("QTY_INVALID", (sell(quantity=D("-1")), holding("1")), (sell(quantity=D(1)), holding("1")), "-1 is not"),
    Example("QTY_INVALID", (buy(quantity=D("Infinity")), snapshot()), (buy(), snapshot()), "Infinity"),
    Example(
        "NOT_FRACTIONABLE",
        (buy(quantity=D("1.5")), instrument(fractionable=False)),
        (buy(quantity=D("2.0")), instrument(fractionable=False)),
        "order is for 1.5",
    ),
    Example("PRICE_TICK", (limit("100.001"), snapshot()), (limit("100.01"), snapshot()), "multiple of $0.01"),
    Example(
        "PRICE_TICK",
        (limit("0.99999"), quoted(last=D(1), bid=D(1), ask=D(1))),
        (limit("0.9999"), quoted(last=D(1), bid=D(1), ask=D(1))),
        "multiple of $0.0001",
    ),
    Example("PRICE_TICK", (buy(order_type="limit"), snapshot()), (limit("100"), snapshot()), "needs a limit price"),
    Example(
        "PRICE_TICK",
        (limit("100", order_type="stop_limit"), snapshot()),
        (order(order_type="stop", stop_price=D(110)), snapshot()),
        "needs a stop price",
    ),
    Example("PRICE_TICK", (limit("0"), snapshot()), (limit("100"), snapshot()), "above 0"),
    Example("MARKET_CLOSED", (buy(), instrument(market_open=False)), (buy(), instrument()), "2026-11-20 15:00 UTC"),
    Example(
        "MARKET_CLOSED",
        (limit("100"), instrument(market_open=False, extended_open=True)),
        (
            limit("100"),
            replace(instrument(market_open=False, extended_open=True), policy=snapshot(extended_hours=True).policy),
        ),
        "closed",
    ),
    Example(
        "MARKET_CLOSED",
        (
            buy(),
            replace(instrument(market_open=False, extended_open=True), policy=snapshot(extended_hours=True).policy),
        ),
        (buy(), instrument()),
        "only limit orders",
    ),
    Example("QUOTE_STALE", (buy(), quoted(at=NOW - 16 * SECOND)), (buy(), quoted(at=NOW - 15 * SECOND)), "is 16 s old"),
    Example(
        "QUOTE_STALE", (buy(), quoted(at=NOW + 16 * SECOND)), (buy(), quoted(at=NOW + 15 * SECOND)), "in the future"
    ),
    Example("QUOTE_STALE", (buy(), snapshot(quotes={})), (buy(), snapshot()), "no quote for AAPL"),
    Example("QUOTE_INVALID", (buy(), quoted(bid=None)), (buy(), quoted()), "bid none"),
    Example("QUOTE_INVALID", (buy(), quoted(bid=D(0))), (buy(), quoted(bid=D(99))), "bid 0"),
    Example("QUOTE_INVALID", (buy(), quoted(bid=D("100.01"))), (buy(), quoted(bid=D(100))), "ask 100"),
    Example("QUOTE_INVALID", (buy(), quoted(last=D(0))), (buy(), quoted()), "last 0"),
    Example(
        "SPREAD_WIDE",
        (buy(), quoted(bid=D("98.99"), ask=D(101))),
        (buy(), quoted(bid=D(99), ask=D(101))),
        "the limit is 2 %",
    ),
    Example("PRICE_COLLAR", (limit("110.01"), snapshot()), (limit("110"), snapshot()), "$110.01 is 10.01 % away"),
    Example("PRICE_COLLAR", (limit("89.99"), snapshot()), (limit("90"), snapshot()), "the limit is 10 %"),
    Example(
        "PRICE_COLLAR",
        (limit("53.99", side="sell", order_type="stop_limit", stop_price=D(60)), holding("10")),
        (limit("54", side="sell", order_type="stop_limit", stop_price=D(60)), holding("10")),
        "stop price $60",
    ),
    Example("PRICE_JUMP", (buy(), quoted(prev_close=D("83.33"))), (buy(), quoted(prev_close=D("83.34"))), "20 %"),
    Example("PRICE_JUMP", (buy(), quoted(prev_close=D("125.01"))), (buy(), quoted(prev_close=D(125))), "-20.01 %"),
    Example(
        "PRICE_JUMP",
        (buy(), quoted(prev_close=D(50))),
        (buy(approved_by="ann"), quoted(prev_close=D(50))),
        "approve the order",
    ),
    Example(
        "MAX_ORDER_NOTIONAL",
        (buy(quantity=D("250.01")), snapshot(max_position_pct=D(50))),
        (buy(quantity=D(250)), snapshot(max_position_pct=D(50))),
        "$25,001.00",
    ),
    Example(
        "MAX_POSITION",
        (buy(quantity=D("10.1")), holding("50", in_flight=(flight(remaining=D(40)),))),
        (buy(quantity=D(10)), holding("50", in_flight=(flight(remaining=D(40)),))),
        "AAPL would be 10.01 % of the portfolio ($10,010.00 with orders under way), the limit is 10 %: "
        "buy for at most $1,000.00",
    ),
    Example(
        "MAX_POSITION",
        (buy(quantity=D("150.1")), snapshot(position_allowances={"AAPL": D(15)})),
        (buy(quantity=D(150)), snapshot(position_allowances={"AAPL": D(15)})),
        "the limit is 15 %",
    ),
    Example(
        "MAX_POSITION",  # a limit above the quote counts at the limit
        (limit("105", quantity=D(100)), snapshot()),
        (limit("100", quantity=D(100)), snapshot()),
        "10.5 %",
    ),
    Example(
        "MAX_GROSS",
        (buy(), snapshot(max_gross_pct=D("1.99"), in_flight=(flight(symbol="MSFT"),))),
        (buy(), snapshot(max_gross_pct=D(2), in_flight=(flight(symbol="MSFT"),))),
        "$2,000.00",
    ),
    Example(
        "MAX_OPEN_ORDERS",
        (buy(), snapshot(in_flight=tuple(flight(symbol="MSFT") for _ in range(20)))),
        (buy(), snapshot(in_flight=tuple(flight(symbol="MSFT") for _ in range(19)))),
        "20 orders are under way",
    ),
    Example(
        "BUYING_POWER",
        (buy(), snapshot(cash=D("1019.99"))),
        (buy(), snapshot(cash=D(1020))),
        "$1,019.99 of $1,019.99 cash is free",
    ),
    Example(
        "BUYING_POWER",
        (limit("100"), snapshot(cash=D("1999.99"), in_flight=(flight(symbol="MSFT", order_type="limit"),))),
        (limit("100"), snapshot(cash=D(2000), in_flight=(flight(symbol="MSFT", order_type="limit"),))),
        "$1,000.00 is reserved",
    ),
    Example(
        "BUYING_POWER",
        (buy(), snapshot(cash=D("2039.99"), in_flight=(flight(symbol="MSFT"),))),
        (buy(), snapshot(cash=D(2040), in_flight=(flight(symbol="MSFT"),))),
        "may cost $1,020.00",
    ),
    Example(
        "OVERSELL",
        (sell(quantity=D("6.000000001")), holding("10", in_flight=(flight(side="sell", remaining=D(4)),))),
        (sell(quantity=D(6)), holding("10", in_flight=(flight(side="sell", remaining=D(4)),))),
        "10 held, 4 of it being sold already. Sell at most 6",
    ),
    Example("OVERSELL", (sell(), snapshot()), (sell(), holding("10")), "0 held"),
    Example("OVERSELL", (buy(reduce_only=True), holding("10")), (sell(reduce_only=True), holding("10")), "but it buys"),
    Example(
        "OPPOSITE_ORDER_OPEN",
        (buy(), holding("10", in_flight=(flight(side="sell"),))),
        (buy(), snapshot(in_flight=(flight(), flight(side="sell", symbol="MSFT")))),
        "1 sell order(s) for AAPL",
    ),
    Example(
        "OPPOSITE_ORDER_OPEN",
        (sell(), holding("10", in_flight=(flight(),))),
        (sell(), holding("20", in_flight=(flight(side="sell"),))),
        "1 buy order(s)",
    ),
    Example(
        "DUPLICATE_SUSPECT",
        (buy(), snapshot(recent=(recent(at=NOW - 59 * SECOND),))),
        (buy(), snapshot(recent=(recent(at=NOW - 60 * SECOND), recent(quantity=D(11)), recent(symbol="MSFT")))),
        "59 s ago",
    ),
    Example(
        "DUPLICATE_SUSPECT",
        (OWN, snapshot(recent=(recent(order_id=OWN.order_id), recent(at=NOW - SECOND)))),
        (OWN, snapshot(recent=(recent(order_id=OWN.order_id),))),
        "1 s ago",
    ),
    Example("LOOP_SUSPECT", (buy(), snapshot(recent=LOOP)), (buy(), snapshot(recent=LOOP[1:])), "3 times over"),
    Example("LOOP_SUSPECT", (buy(), snapshot(recent=LOOP)), (buy(), snapshot(recent=LOOP, loop_round_trips=0)), "AAPL"),
    Example(
        "LOOP_SUSPECT",
        (buy(), snapshot(recent=LOOP, loop_window_minutes=10)),
        (buy(), snapshot(recent=LOOP, loop_window_minutes=9)),
        "within 10 min",
    ),
    Example(
        "LOOP_SUSPECT",
        (buy(), snapshot(recent=LOOP, loop_round_trips=2)),
        (buy(source_kind="manual"), snapshot(recent=LOOP, loop_round_trips=2)),
        "2 round trips",
    ),
    Example(  # a stop still works: what shrinks the position passes
        "LOOP_SUSPECT",
        (buy(), holding("10", recent=LOOP)),
        (sell(), holding("10", recent=LOOP)),
        "cooldown",
    ),
    Example(  # a ladder of sales is one run, and what did not fill traded nothing
        "LOOP_SUSPECT",
        (buy(), snapshot(recent=LOOP)),
        (buy(), snapshot(recent=(*traded("bbbsss", since=20), *traded("bsbs", since=9, filled=False)))),
        "undo each other",
    ),
    Example(
        "RATE_LIMIT",
        (buy(), snapshot(orders_per_minute=2, recent=(recent(symbol="X"), recent(symbol="Y")))),
        (buy(), snapshot(orders_per_minute=2, recent=(recent(symbol="X"), recent(symbol="Y", at=NOW - 60 * SECOND)))),
        "the limit is 2",
    ),
    Example(
        "RATE_LIMIT",
        (buy(), snapshot(orders_per_minute_per_symbol=1, recent=(recent(quantity=D(3)),))),
        (buy(), snapshot(orders_per_minute_per_symbol=1, recent=(recent(symbol="MSFT"),))),
        "1 orders for AAPL",
    ),
    Example("DAILY_TRADE_CAP", (buy(), snapshot(trades_today=10)), (buy(), snapshot(trades_today=9)), "limit is 10"),
    Example(
        "DAILY_TURNOVER",
        (buy(), snapshot(turnover_today=D("99000.01"))),
        (buy(), snapshot(turnover_today=D(99_000))),
        "$100,000.01",
    ),
    Example(
        "DAILY_LOSS", (buy(), snapshot(equity=D(98_000))), (buy(), snapshot(equity=D("98000.01"))), "lost 2 % today"
    ),
    Example(
        "DRAWDOWN",
        (buy(), snapshot(equity=D(90_000), day_start_equity=D(90_000))),
        (buy(), snapshot(equity=D("90000.01"), day_start_equity=D(90_000))),
        "10 % below its highest value $100,000.00",
    ),
    Example("RULE_NEEDS_REVIEW", (buy(rule_failures=3), snapshot()), (buy(rule_failures=2), snapshot()), "last 3"),
    Example(
        "WASH_SALE_LOCK",
        (buy(), snapshot(wash_sale_lock=True, loss_sales={"AAPL": NOW - timedelta(days=30) + SECOND})),
        (buy(), snapshot(wash_sale_lock=True, loss_sales={"AAPL": NOW - timedelta(days=30)})),
        "AAPL was sold at a loss on 2026-10-21",
    ),
    Example(
        "WASH_SALE_LOCK",
        (buy(), snapshot(wash_sale_lock=True, loss_sales={"AAPL": NOW})),
        (sell(), holding("10", wash_sale_lock=True, loss_sales={"AAPL": NOW})),
        "holds buys for 30 days",
    ),
    Example(
        "WASH_SALE_LOCK",
        (buy(), snapshot(wash_sale_lock=True, loss_sales={"AAPL": NOW})),
        (buy(), snapshot(loss_sales={"AAPL": NOW})),
        "switch wash_sale_lock off",
    ),
    Example(
        "AGENT_LIMIT",
        (buy(source_kind="agent_run", quantity=D("20.01")), snapshot()),
        (buy(source_kind="agent_run", quantity=D(20)), snapshot()),
        "$2,001.00, one of the agent's may be $2,000.00 (2 % of the portfolio)",
    ),
    Example(
        "AGENT_LIMIT",
        (buy(source_kind="agent_run"), snapshot(agent_orders_today=5)),
        (buy(source_kind="agent_run"), snapshot(agent_orders_today=4)),
        "The agent placed 5 orders on 2026-11-20, it may place 5 a day",
    ),
    Example(
        "AGENT_LIMIT",
        (sell(source_kind="agent_run", quantity=D(30)), holding("30")),
        (sell(source_kind="manual", quantity=D(30)), holding("30")),
        "Place it yourself",
    ),
    Example(
        "TAINTED_CONTEXT",
        (buy(source_kind="agent_run", source_id="run"), snapshot(tainted_runs=frozenset(["run"]))),
        (buy(source_kind="agent_run", source_id="run"), snapshot(tainted_runs=frozenset(["another"]))),
        "can only propose",
    ),
    Example(
        "TAINTED_CONTEXT",
        (buy(source_kind="agent_run", source_id="run"), snapshot(tainted_runs=frozenset(["run"]))),
        (buy(source_kind="manual", source_id="run"), snapshot(tainted_runs=frozenset(["run"]))),
        "place it yourself",
    ),
    Example(
        "APPROVAL_REQUIRED",
        (buy(quantity=D("50.01")), snapshot()),
        (buy(quantity=D(50)), snapshot()),
        "$5,001.00, above $5,000.00 (5 % of the portfolio)",
    ),
    Example(
        "APPROVAL_REQUIRED",
        (buy(quantity=D("10.01")), snapshot(large_order_amount=D(1000))),
        (buy(quantity=D(10)), snapshot(large_order_amount=D(1000))),
        "above $1,000.00 a person approves",
    ),
    Example(
        "APPROVAL_REQUIRED",
        (sell(), holding("10", equity=None)),
        (sell(approved_by="ann"), holding("10", equity=None)),
        "cannot be valued",
    ),
    Example(
        "GATE_ERROR",
        (buy(), snapshot(equity=None, positions={"MSFT": D(1)}, prices={"AAPL": D(100)})),
        (buy(), snapshot()),
        "MSFT has no price",
    ),
    Example("GATE_ERROR", (buy(), snapshot(day_start_equity=None)), (buy(), snapshot()), "when the day began"),
    Example("GATE_ERROR", (buy(), snapshot(peak_equity=None)), (buy(), snapshot()), "highest value is unknown"),
    Example("GATE_ERROR", (buy(side="short"), snapshot()), (buy(), snapshot()), "'short' is neither"),
    Example(
        "GATE_ERROR",
        (buy(), replace(SNAPSHOT, positions={"AAPL": D(1)}, prices={})),
        (buy(), holding("1")),
        "AAPL is held and has no price",
    ),
)
