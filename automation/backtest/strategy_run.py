"""A strategy over a market: its own signals, changes and sizes, acted on at the next open, through the gate.

Every decision is made by the code that makes it live: `automation.strategies.deciding` says what a bar changes and how
many shares that is; sales come first, and purchases are sized again once they have filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from automation.backtest.course import Course, Wanted
from automation.backtest.deciding import Agenda
from automation.backtest.gating import Standing as Moment
from automation.backtest.market import Market
from automation.strategies.base import Bars, Strategy
from automation.strategies.deciding import Standing, Step, Trade, decide, target_of, trade_for
from automation.strategies.sizing import fraction_at
from common.money import ZERO
from markets.fill_model import SELL


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A strategy with its checked parameters."""

    strategy: Strategy
    params: Mapping[str, Any]
    sizing: Mapping[str, Any]


@dataclass(kw_only=True)
class StrategyRun:
    """A strategy on its way through a market. `columns`: the bars as it is given them live."""

    plan: Plan
    market: Market
    course: Course
    columns: Mapping[str, Bars]
    standings: dict[str, Standing] = field(default_factory=dict)

    def run(self) -> None:
        """Carry the account through the market."""
        signals = self.plan.strategy.generate_signals(self.columns, self.plan.params)
        axis = next(iter(self.columns.values())).at
        self.agenda = Agenda(self.market, axis, signals)
        self.standings = dict.fromkeys(signals, Standing())
        while (turn := self.agenda.next()) is not None:
            wanted = {}
            for symbol, bars in turn.bars.items():
                for index in bars:
                    step = self._judge(symbol, float(signals[symbol][index]), index)
                if step == Step.ACT:
                    wanted[symbol] = self.standings[symbol].target or ZERO
            if wanted:
                self._act(turn.at, wanted)
        self.course.finish()

    def _judge(self, symbol: str, signal: float, index: int) -> Step:
        """What the bar changes."""
        before = self.standings[symbol]
        if signal != signal:  # looked at again, and unknown by now: asked once more at the next bar
            self.agenda.again(symbol, index + 1)
            return Step.UNKNOWN
        size = None
        if signal != before.signal or before.target is None:
            size = target_of(fraction_at(signal, self.columns[symbol], index, self.plan.sizing))
        change = decide(before, signal, size)
        self.standings[symbol] = change.after
        if change.after.unknown:
            self.agenda.again(symbol, index + 1)
        return change.step

    def _act(self, at: int, wanted: Mapping[str, Decimal]) -> None:
        moment = self.course.standing(at, wanted)
        trades = self._sized(moment, wanted)
        sales = {symbol: trade for symbol, trade in trades.items() if trade.side == SELL}
        if sales and len(sales) < len(trades):
            self._place(at, moment, sales, wanted)
            left = {symbol: wanted[symbol] for symbol in trades if symbol not in sales}
            moment = self.course.standing(at, left)
            trades = self._sized(moment, left)
        if trades:
            self._place(at, moment, trades, wanted)

    def _sized(self, moment: Moment, wanted: Mapping[str, Decimal]) -> dict[str, Trade]:
        """The trades that lead to the targets; a position that is there already is noted as such."""
        trades = {}
        for symbol, target in wanted.items():
            held = moment.positions.get(symbol, ZERO)
            trade = trade_for(
                target=target,
                equity=moment.equity,
                price=moment.prices[symbol],
                owned=held,
                held=held,
                fractional=self.course.gate.instruments[symbol].fractionable,
            )
            if trade is None:
                self._applied(symbol, target)
            else:
                trades[symbol] = trade
        return trades

    def _place(self, at: int, moment: Moment, trades: Mapping[str, Trade], wanted: Mapping[str, Decimal]) -> None:
        orders = [Wanted(symbol=s, side=trade.side, quantity=trade.quantity) for s, trade in trades.items()]
        filled = {fill.symbol for fill in self.course.act(at, moment, orders)}
        for symbol in trades:
            if symbol in filled:
                self._applied(symbol, wanted[symbol])
            else:
                before = self.standings[symbol]
                self.standings[symbol] = replace(before, failures=before.failures + 1)
                self.agenda.again(symbol, self.agenda.closed_before(at) + 1)

    def _applied(self, symbol: str, target: Decimal) -> None:
        self.standings[symbol] = replace(self.standings[symbol], applied=target, failures=0)
