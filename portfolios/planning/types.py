"""The words of planning: the book as it is, what a goal wants, what trading costs, and the plan. Plain Python.

Money is dollars to the cent, quantities are shares with at most 9 places, weights are ratios (0.6 is 60 %).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from common.errors import Conflict
from common.money import ZERO

CASH = "CASH"  # the row of cash among targets and weights; no instrument has this symbol


class CannotPlan(Conflict):
    """The book does not allow a plan: a price is missing, or there is nothing to share out. Nothing was decided."""

    code = "cannot_plan"


class BandKind(enum.StrEnum):
    """How far a weight w may be from its target t before it is outside.

    ABSOLUTE |w-t| > a (a: the threshold, in weight points) · RELATIVE |w-t|/t > r (r: the threshold) ·
    HYBRID_5_25 min(0.05, 0.25 t), after Larry Swedroe · HYBRID_20_1 max(0.20 t, 0.01), as in Wealthfolio.
    """

    ABSOLUTE = "absolute"
    RELATIVE = "relative"
    HYBRID_5_25 = "hybrid_5_25"
    HYBRID_20_1 = "hybrid_20_1"


class RebalanceTo(enum.StrEnum):
    """Where a rebalance ends: all at TARGET; the drifted ones at the nearest BAND_EDGE; DRIFTED_ONLY at target."""

    TARGET = "target"
    BAND_EDGE = "band_edge"
    DRIFTED_ONLY = "drifted_only"


class LotMethod(enum.StrEnum):
    """Which lots a sale takes: the oldest, the dearest, or those with the least estimated tax per share."""

    FIFO = "fifo"
    HIFO = "hifo"
    TAX = "tax"


class Code(enum.StrEnum):
    """Why a trade was dropped, or why dollars stay away from their target."""

    INSIDE_BAND = "INSIDE_BAND"  # inside its band, so it is left alone; or moved to the band's edge only
    HELD = "HELD"  # not so many shares are free to sell: under way in other orders
    DO_NOT_SELL = "DO_NOT_SELL"
    CASH_FLOW_ONLY = "CASH_FLOW_ONLY"  # the goal only buys
    SHORT_TERM_GAIN = "SHORT_TERM_GAIN"  # the goal realises no short-term gains
    WASH_SALE_LOCK = "WASH_SALE_LOCK"  # sold at a loss within 30 days
    NOT_TRADABLE = "NOT_TRADABLE"
    TURNOVER_CAP = "TURNOVER_CAP"
    FUNDING = "FUNDING"  # no cash for it
    ROUNDING = "ROUNDING"
    MIN_TRADE = "MIN_TRADE"
    COST = "COST"  # it would cost more than it is worth, or the costs made the target smaller
    LEFTOVER_CASH = "LEFTOVER_CASH"  # the other side of everything above


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanLot:
    """An open tax lot. `cost` is what its open shares cost, in dollars."""

    lot_id: int
    acquired_at: datetime
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanHolding:
    """Something held, or a target not held yet (quantity 0)."""

    symbol: str
    quantity: Decimal
    price: Decimal | None  # None: no quote, which refuses any plan
    fractional: bool = True
    tradable: bool = True
    committed: Decimal = ZERO  # shares of it that are being sold by other orders
    lots: tuple[PlanLot, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanBook:
    """A portfolio at one moment."""

    now: datetime
    cash: Decimal
    holdings: Mapping[str, PlanHolding]
    committed_cash: Decimal = ZERO  # dollars that buys under way will need
    loss_sales: Mapping[str, datetime] = field(default_factory=dict)  # symbol -> the latest within 30 days
    recent_buys: Mapping[str, datetime] = field(default_factory=dict)  # symbol -> the latest within 30 days


@dataclass(frozen=True, kw_only=True, slots=True)
class GoalTerms:
    """What a goal asks of the planner. Targets sum to 1 and may hold CASH."""

    targets: Mapping[str, Decimal]
    band_kind: BandKind = BandKind.ABSOLUTE
    threshold: Decimal = Decimal("0.05")  # weight points for ABSOLUTE, ratio for RELATIVE; else not read
    rebalance_to: RebalanceTo = RebalanceTo.TARGET
    cash_flow_only: bool = False
    min_trade: Decimal = Decimal(1)  # dollars
    cash_buffer: Decimal = ZERO  # dollars kept out of it all
    cash_buffer_pct: Decimal = ZERO  # percent of equity kept out, on top
    turnover_cap: Decimal | None = None  # dollars bought and sold, as a ratio of equity
    do_not_sell: frozenset[str] = frozenset()
    lot_method: LotMethod = LotMethod.FIFO
    short_term_tax_pct: Decimal = Decimal(24)  # for estimates
    long_term_tax_pct: Decimal = Decimal(15)
    avoid_short_term_gains: bool = False
    wash_sale_lock: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CostModel:
    """What a trade is expected to cost, and what it is worth.

    cost = commission + value x (spread / 2 + slippage). benefit = value x benefit rate: what moving a dollar to its
    target is worth to the owner (100 bps: a cent). A trade that costs more than its benefit is dropped.
    """

    commission: Decimal = ZERO  # dollars per trade
    spread_bps: Decimal = ZERO  # the whole spread
    slippage_bps: Decimal = ZERO
    benefit_bps: Decimal = Decimal(100)


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftRow:
    """One asset's distance from its target, or cash's. `drift` is w - t."""

    symbol: str
    value: Decimal
    weight: Decimal
    target: Decimal
    drift: Decimal
    band: Decimal | None  # allowed distance in weight points; None: not judged (cash without a target)
    dollars: Decimal  # value - target value: above 0 is too much
    outside: bool  # by its band
    actionable: bool  # outside, and by enough that a trade could be made


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """How far a portfolio is from its goal.

    `band_use` is the largest |drift| / band of the rows that count (1: at the edge; above 1: outside; at least 2 for
    a holding without a target and a target not held); rows outside by less than a trade's minimum count 0, so that a
    residue clears the flag. `problem` says why nothing can be told; then there are no rows.
    """

    equity: Decimal | None
    managed: Decimal  # equity less reserved cash: what the weights are shares of
    rows: tuple[DriftRow, ...]
    worst: Decimal  # the largest |drift| of all rows that are judged
    band_use: Decimal
    needs_rebalancing: bool
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LotPart:
    """Shares of one lot that a sale takes."""

    lot_id: int
    quantity: Decimal
    gain: Decimal  # expected, before costs
    long_term: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedTrade:
    """One order to place. `value` = quantity x price, to the cent; `cost` comes on top."""

    symbol: str
    side: str  # buy | sell
    quantity: Decimal
    price: Decimal
    value: Decimal
    cost: Decimal
    reason: str
    lots: tuple[LotPart, ...] = ()  # of a sale, in the order they are taken
    short_term_gain: Decimal = ZERO
    long_term_gain: Decimal = ZERO
    estimated_tax: Decimal = ZERO  # below 0: tax saved


@dataclass(frozen=True, kw_only=True, slots=True)
class DroppedTrade:
    """A trade that was wanted and is not made."""

    symbol: str
    side: str
    quantity: Decimal
    value: Decimal
    code: Code
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Residual:
    """Dollars by which something stays away from its target after the plan, above 0: too much; and why.

    Over all rows of a plan they sum to minus its expected cost, to the cent.
    """

    symbol: str
    dollars: Decimal
    code: Code
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What would be done, sales first, the largest first; and everything that would not, with its reason."""

    trades: tuple[PlannedTrade, ...]
    dropped: tuple[DroppedTrade, ...]
    residuals: tuple[Residual, ...]
    warnings: tuple[str, ...]
    equity: Decimal
    managed: Decimal
    reserved: Decimal
    expected_cost: Decimal
    estimated_tax: Decimal
    turnover: Decimal  # (bought + sold) / equity
    cash_before: Decimal
    cash_after: Decimal
    weights_before: Mapping[str, Decimal]  # with CASH: free cash, after the reserve
    weights_after: Mapping[str, Decimal]

    @property
    def sells(self) -> tuple[PlannedTrade, ...]:
        return tuple(trade for trade in self.trades if trade.side == "sell")

    @property
    def buys(self) -> tuple[PlannedTrade, ...]:
        return tuple(trade for trade in self.trades if trade.side == "buy")
