"""The account of a backtest: cash, shares and lots of several symbols, by the same arithmetic as live. Plain Python."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from common.money import ZERO
from markets import fill_model
from markets.fill_model import Costs, Observation, WorkingOrder
from portfolios.booking import book
from portfolios.lots import Lots
from portfolios.types import FillBooking


@dataclass(frozen=True, kw_only=True, slots=True)
class Trade:
    """A fill. `at` is the moment's index; `gain` what a sale realised in dollars after costs, 0 for a buy.

    `wanted` shares were ordered: what `quantity` lacks of them did not fill.
    """

    at: int
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    cash: Decimal
    gain: Decimal
    wanted: Decimal
    seen: Decimal  # the market's price, before slippage
    why: str = ""

    @property
    def slipped(self) -> Decimal:
        """Dollars that the price was worse than the market's."""
        worse = self.price - self.seen if self.side == fill_model.BUY else self.seen - self.price
        return worse * self.quantity

    @property
    def shares(self) -> Decimal:
        return self.quantity if self.side == fill_model.BUY else -self.quantity


class Account:
    """What is held. A market order meets the moment's price once, and once more the bar's close if it did not fill."""

    def __init__(self, cash: Decimal, costs: Costs) -> None:
        self.cash, self.costs = cash, costs
        self.positions: dict[str, Decimal] = {}
        self.trades: list[Trade] = []
        self.lots: defaultdict[str, Lots[FillBooking]] = defaultdict(Lots)

    def held(self, symbol: str) -> Decimal:
        return self.positions.get(symbol, ZERO)

    def trade(
        self,
        *,
        symbol: str,
        side: str,
        quantity: Decimal,
        prices: tuple[Decimal, Decimal],
        at: int,
        time: datetime,
        why: str = "",
    ) -> list[Trade]:
        """A market order at the open and, for what does not fill there, at the close; returns the fills."""
        filled, made = ZERO, []
        for price in prices:
            order = WorkingOrder(side=side, order_type=fill_model.MARKET, remaining=quantity - filled, filled=filled)
            seen = Observation(last=price, low=price, high=price)
            for fill in fill_model.match(order, seen, self.costs).fills:
                booking = FillBooking(
                    source_id="", symbol=symbol, side=side, quantity=fill.quantity, price=fill.price, fee=fill.fee,
                    at=time,
                )  # fmt: skip
                cash, gain = self._book(booking)
                made.append(
                    Trade(
                        at=at, symbol=symbol, side=side, quantity=fill.quantity, price=fill.price, fee=fill.fee,
                        cash=cash, gain=gain, wanted=quantity, seen=price, why=why,
                    )
                )  # fmt: skip
                filled += fill.quantity
            if filled >= quantity:
                break
        self.trades.extend(made)
        return made

    def _book(self, fill: FillBooking) -> tuple[Decimal, Decimal]:
        """Book a fill; returns the change of cash and the gain realised."""
        booked = book(fill, self.lots)
        cash = booked.amount + booked.fee
        self.cash += cash
        held = self.held(fill.symbol) + booked.shares
        if held:
            self.positions[fill.symbol] = held
        else:
            self.positions.pop(fill.symbol, None)
        return cash, sum((disposal.gain for disposal in booked.disposals), ZERO)
