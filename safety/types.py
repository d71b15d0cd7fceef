"""The words the gate speaks: an order as proposed, what it is judged against, and the verdict. Plain Python."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedOrder:
    """An order someone wants. `quantity` is in shares and final: amounts were converted at `decision_price`."""

    order_id: UUID
    client_order_id: str
    user_id: int
    portfolio_id: UUID
    account_id: UUID
    source_kind: str
    source_id: str
    symbol: str
    side: str  # buy | sell
    order_type: str  # market | limit | stop | stop_limit
    time_in_force: str  # day | gtc | ioc
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    decision_price: Decimal | None = None
    expires_at: datetime
    trace_id: UUID
    action_id: UUID | None = None
    approved_by: str = ""  # who approved a large order; set by orders.approvals only
    rule_failures: int = 0  # consecutive failures of the rule behind it


@dataclass(frozen=True, kw_only=True, slots=True)
class QuoteView:
    """The standing quote. `at` is the source's time."""

    last: Decimal
    bid: Decimal | None
    ask: Decimal | None
    prev_close: Decimal | None
    at: datetime
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstrumentView:
    """What may be done with the instrument at this moment."""

    symbol: str
    active: bool
    tradable: bool
    fractionable: bool
    demo: bool
    market_open: bool  # the regular session of its exchange, now
    extended_open: bool = False
    next_open: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class InFlight:
    """An order that may still become a fill: awaiting approval, queued, submitting, unknown, or open at the broker."""

    order_id: UUID
    symbol: str
    side: str
    remaining: Decimal  # shares
    price: Decimal  # the worse of quote and limit
    state: str
    reduce_only: bool = False
    order_type: str = "market"  # limit orders need no cushion of cash, everything else does


@dataclass(frozen=True, kw_only=True, slots=True)
class RecentOrder:
    """An order placed lately, for duplicates, rates and loops, whatever became of it (blocked ones do not count)."""

    order_id: UUID
    symbol: str
    side: str
    quantity: Decimal
    at: datetime
    source_kind: str
    source_id: str
    filled: bool = False  # at least in part


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountView:
    """The broker account behind the portfolio."""

    kind: str  # paper | alpaca
    live: bool
    usable: bool = True
    blocked_reason: str = ""
    reconciled: bool = True
    armed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SwitchView:
    """The kill switches that reach this order, and the trading state."""

    killed: tuple[str, ...] = ()  # scopes that are killed: global, user, portfolio, action, agent
    trading_state: str = "active"  # active | reducing | halted


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyView:
    """The limits in force. Percent values are percent; see `safety.models.SafetyPolicy` for each meaning."""

    version: int
    paper_trading: bool
    max_daily_trades: int
    max_position_pct: Decimal
    max_order_notional_pct: Decimal
    max_gross_pct: Decimal
    max_open_orders: int
    daily_turnover_pct: Decimal
    large_order_pct: Decimal
    large_order_amount: Decimal | None
    daily_loss_reduce_pct: Decimal
    daily_loss_halt_pct: Decimal
    drawdown_halt_pct: Decimal
    price_collar_pct: Decimal
    price_jump_pct: Decimal
    approval_collar_pct: Decimal
    max_spread_pct: Decimal
    quote_max_age_seconds: int
    buying_power_cushion_pct: Decimal
    duplicate_window_seconds: int
    orders_per_minute: int | None
    orders_per_minute_per_symbol: int | None
    symbol_whitelist: tuple[str, ...]
    symbol_blacklist: tuple[str, ...]
    extended_hours: bool
    failures_before_review: int
    loop_round_trips: int  # 0: off
    loop_window_minutes: int
    wash_sale_lock: bool
    agent_daily_orders: int
    agent_order_pct: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """Everything the gate looks at, taken under the portfolio's lock. The order being judged is not in `in_flight`."""

    now: datetime
    trading_date: date
    policy: PolicyView
    switches: SwitchView
    account: AccountView
    cash: Decimal
    equity: Decimal | None  # None: cannot be valued (a holding has no price): fail closed
    day_start_equity: Decimal | None
    peak_equity: Decimal | None
    positions: Mapping[str, Decimal]  # symbol -> shares held
    prices: Mapping[str, Decimal]  # symbol -> last price
    instruments: Mapping[str, InstrumentView]
    quotes: Mapping[str, QuoteView]
    in_flight: tuple[InFlight, ...] = ()
    recent: tuple[RecentOrder, ...] = ()
    trades_today: int = 0
    turnover_today: Decimal = Decimal(0)
    position_allowances: Mapping[str, Decimal] = field(default_factory=dict)  # symbol -> percent a goal allows
    loss_sales: Mapping[str, datetime] = field(default_factory=dict)  # symbol -> latest within 30 days, if locked
    agent_orders_today: int = 0
    tainted_runs: frozenset[str] = frozenset()  # runs of the agent that read untrusted text, of those asked about
    # Sums over the above, made on first use by `safety.book.book_of`; never an input, never compared.
    _book: Any = field(default=None, init=False, repr=False, compare=False)

    def with_order(self, order: ProposedOrder, price: Decimal, state: str) -> Snapshot:
        """The snapshot after `order` was admitted, so that the next order of a batch sees it.

        `price` is `safety.sizing.worst_price`. The sums move on to the new snapshot, so that a batch of n orders
        costs n additions instead of n² (this one makes its sums anew if it is asked again).
        """
        flight = InFlight(
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            remaining=order.quantity,
            price=price,
            state=state,
            reduce_only=order.reduce_only,
            order_type=order.order_type,
        )
        recent = RecentOrder(
            order_id=order.order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            at=self.now,
            source_kind=order.source_kind,
            source_id=order.source_id,
        )
        after = replace(
            self,
            in_flight=(*self.in_flight, flight),
            recent=(*self.recent, recent),
            trades_today=self.trades_today + 1,
            agent_orders_today=self.agent_orders_today + (order.source_kind == "agent_run"),
            turnover_today=self.turnover_today + order.quantity * price,
        )
        book = self._book
        if book is not None:
            object.__setattr__(self, "_book", None)
            book.add(flight, recent)
            object.__setattr__(after, "_book", book)
        return after


class Outcome(enum.StrEnum):
    """What one check says."""

    PASS = "pass"
    DENY = "deny"
    NEEDS_APPROVAL = "needs_approval"
    SKIPPED = "skipped"  # does not apply, e.g. a position limit on an order that reduces the position


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """One check's answer. `code` is stable for programs; `message` names the values for people."""

    check: str
    outcome: Outcome
    code: str = ""
    message: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "outcome": self.outcome.value,
            "code": self.code,
            "message": self.message,
            "values": dict(self.values),
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Every check's answer, in order. The first denial decides; else the first need for approval; else it passes."""

    results: tuple[CheckResult, ...]
    policy_version: int
    errors: tuple[Exception, ...] = field(default=(), compare=False)  # behind GATE_ERROR: the caller logs them

    @property
    def denial(self) -> CheckResult | None:
        return next((r for r in self.results if r.outcome is Outcome.DENY), None)

    @property
    def approval(self) -> CheckResult | None:
        return next((r for r in self.results if r.outcome is Outcome.NEEDS_APPROVAL), None)

    @property
    def outcome(self) -> Outcome:
        if self.denial:
            return Outcome.DENY
        return Outcome.NEEDS_APPROVAL if self.approval else Outcome.PASS

    def as_json(self) -> list[dict[str, Any]]:
        return [result.as_json() for result in self.results]
