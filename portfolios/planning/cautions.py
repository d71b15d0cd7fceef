"""What a person should know before such a plan runs: wash sales. Information, no advice. Plain Python.

IRC §1091, IRS Publication 550: a loss is disallowed as far as the same security is bought within 30 days before or
after the sale. Only this portfolio is looked at; the rule counts all of one's accounts, and the spouse's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from common.money import ZERO
from portfolios.lots import EXCHANGE_ZONE
from portfolios.planning.draft import Draft
from portfolios.planning.reasons import money
from portfolios.planning.types import PlannedTrade


def cautions(draft: Draft, trades: Sequence[PlannedTrade]) -> Iterator[str]:
    """Sentences about the trades, in their order."""
    for trade in trades:
        if trade.side == "sell":
            loss = -sum((part.gain for part in trade.lots if part.gain < ZERO), ZERO)
            bought = draft.book.recent_buys.get(trade.symbol)
            if loss and bought is not None:
                yield (
                    f"{trade.symbol} is sold at a loss of {money(loss)}, and was bought on {_day(bought)}, within 30 "
                    "days before: as far as those shares are kept, the loss does not count for taxes (wash sale)."
                )
        elif (sold := draft.book.loss_sales.get(trade.symbol)) is not None:
            yield (
                f"{trade.symbol} was sold at a loss on {_day(sold)}: buying it within 30 days means that the loss does "
                "not count for taxes (wash sale). Switch the goal's wash_sale_lock on to wait."
            )


def _day(at: datetime) -> str:
    return f"{at.astimezone(EXCHANGE_ZONE):%Y-%m-%d}"
