"""A goal over a market: its real planner and bands, looked at after every session, carried out at the next open.

As live: the whole run is put before the gate first and does not begin if a leg would be denied; then the sells, then
the buys from the cash that is there, the largest shortfall first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from automation.backtest.account import Trade
from automation.backtest.course import Course, Wanted
from automation.backtest.gating import BLOCK, NOBODY, Standing
from automation.backtest.market import Market
from automation.rebalancing import fitting
from automation.rebalancing.fitting import PlannedLeg
from automation.rebalancing.refusing import cooling
from automation.rebalancing.rehearsing import Whose, rehearse
from automation.replay.bars import exact
from common.money import HUNDRED, ZERO, cents
from markets.fill_model import BUY, SELL
from portfolios.planning.drifting import band_of, drift_of
from portfolios.planning.planner import plan as plan_of
from portfolios.planning.types import CASH, CannotPlan, CostModel, GoalTerms, Plan, PlanBook, PlanHolding, PlanLot

WASH_DAYS = timedelta(days=30)
WHOSE = Whose(user_id=0, portfolio_id=NOBODY, account_id=NOBODY, run_id=NOBODY)


@dataclass(frozen=True, kw_only=True)
class Goal:
    """What a goal asks for, and how long it rests after a run."""

    terms: GoalTerms
    cost: CostModel
    cooldown_days: int = 0


@dataclass(kw_only=True)
class GoalRun:
    """A goal on its way through a market.

    `rebalanced`: the moments at which it traded. `kept_apart`: how often a run did not begin, by code.
    """

    goal: Goal
    market: Market
    course: Course
    rebalanced: list[int] = field(default_factory=list)
    kept_apart: Counter[str] = field(default_factory=Counter)
    _ended_at: datetime | None = None
    _loss_sales: dict[str, datetime] = field(default_factory=dict)
    _buys: dict[str, datetime] = field(default_factory=dict)

    def run(self) -> None:
        """Carry the account through the market."""
        for at in range(self.market.first, len(self.market)):
            self.step(at)
        self.course.finish()

    def step(self, at: int) -> bool:
        """What was found at the last close is acted on at the open of `at`. Returns whether it traded."""
        now = self.market.time(at)
        if cooling(self._ended_at, self.goal.cooldown_days, now) or not self._drifted(at, now):
            return False
        standing = self.course.standing(at, self._symbols)
        try:
            plan = plan_of(self._book(now, standing.prices), self.goal.terms, self.goal.cost)
        except CannotPlan:
            self.kept_apart["CANNOT_PLAN"] += 1
            return False
        trades = self._carry_out(at, standing, plan) if plan.trades else []
        if trades:
            self.rebalanced.append(at)
            self._ended_at = now
        return bool(trades)

    # --- looking
    def _drifted(self, at: int, now: datetime) -> bool:
        """Whether it was outside its bands at the last close; at the very first open there is none yet."""
        prices = self.market.closes[:, at - 1] if at else self.market.opens[:, at]
        row = self.market.row
        known = {s: exact(prices[row[s]]) for s in self._symbols if prices[row[s]] == prices[row[s]]}
        return drift_of(self._book(now, known, lots=False), self.goal.terms).needs_rebalancing

    @property
    def _symbols(self) -> list[str]:
        targets = [symbol for symbol in self.goal.terms.targets if symbol != CASH]
        return [*targets, *(self.course.account.positions.keys() - set(targets))]

    def _book(self, now: datetime, prices: Mapping[str, Decimal], *, lots: bool = True) -> PlanBook:
        account, instruments = self.course.account, self.course.gate.instruments
        holdings = {
            symbol: PlanHolding(
                symbol=symbol,
                quantity=account.held(symbol),
                price=prices.get(symbol),
                fractional=instruments[symbol].fractionable,
                tradable=instruments[symbol].active and instruments[symbol].tradable,
                lots=tuple(self._lots(symbol)) if lots else (),
            )
            for symbol in self._symbols
        }
        return PlanBook(
            now=now,
            cash=account.cash,
            holdings=holdings,
            loss_sales={s: when for s, when in self._loss_sales.items() if now - when < WASH_DAYS},
            recent_buys={s: when for s, when in self._buys.items() if now - when < WASH_DAYS},
        )

    def _lots(self, symbol: str) -> Iterable[PlanLot]:
        for number, lot in enumerate(self.course.account.lots[symbol].open):
            yield PlanLot(lot_id=number, acquired_at=lot.acquired_at, quantity=lot.open_quantity, cost=lot.open_cost)

    # --- acting
    def _carry_out(self, at: int, standing: Standing, plan: Plan) -> list[Trade]:
        gate, min_trade = self.course.gate, self.goal.terms.min_trade
        symbols = {trade.symbol for trade in plan.trades}
        snapshot = gate.snapshot(standing, symbols)
        legs = fitting.legs_of(plan, snapshot, min_trade=min_trade)
        said = rehearse([leg.as_leg() for leg in legs], snapshot, WHOSE, now=standing.now)
        if said.refusal is not None:
            return self._not_begun(at, legs, said.refusal.code, said.refusal.reason)
        if said.asks and gate.approvals == BLOCK:
            return self._not_begun(at, legs, "APPROVAL_REQUIRED", said.asks)
        made = self._order(at, standing, legs, SELL)
        standing = self.course.standing(at, symbols)
        after = gate.snapshot(standing, symbols)
        legs = [_stored(leg) for leg in legs]
        legs = fitting.size(legs, after, cash=after.cash, reserved=plan.reserved, min_trade=min_trade)
        made += self._order(at, standing, legs, BUY)
        self._remember(made, standing.now)
        return made

    def _order(self, at: int, standing: Standing, legs: Sequence[PlannedLeg], side: str) -> list[Trade]:
        """The legs of one side, those without shares left out."""
        orders = [
            Wanted(symbol=leg.symbol, side=side, quantity=leg.quantity)
            for leg in legs
            if leg.side == side and leg.quantity > ZERO
        ]
        return self.course.act(at, standing, orders) if orders else []

    def _not_begun(self, at: int, legs: Sequence[PlannedLeg], code: str, why: str) -> list[Trade]:
        self.kept_apart[code] += 1
        first = legs[0]
        self.course.gate.refuse(
            at=at, symbol=first.symbol, side=first.side, quantity=first.quantity, code=code, message=why
        )
        return []

    def _remember(self, trades: Iterable[Trade], now: datetime) -> None:
        for trade in trades:
            if trade.side == BUY:
                self._buys[trade.symbol] = now
            elif trade.gain < ZERO:
                self._loss_sales[trade.symbol] = now


def _stored(leg: PlannedLeg) -> PlannedLeg:
    """A leg as it is read again for its second phase: money is kept to the cent."""
    return leg if leg.aim is None else replace(leg, aim=cents(leg.aim))


def allowances(terms: GoalTerms) -> dict[str, Decimal]:
    """Percent of the equity a goal's symbols may reach whatever the position limit, as `portfolios.goals.allowing`."""
    return {
        symbol: min((weight + band_of(weight, terms)) * HUNDRED, HUNDRED)
        for symbol, weight in terms.targets.items()
        if symbol != CASH and weight
    }
