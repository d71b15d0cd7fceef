"""Look at past prices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.tools.base import Answer, Arguments, Context, Reach, Symbol, verified
from common.money import plain
from markets.selectors import last_bars_of

MOST = 200


class Wanted(Arguments):
    symbol: Symbol
    timeframe: Literal["1d", "1h", "30m", "15m", "5m", "1m"] = "1d"
    count: Annotated[int, Field(ge=1, le=MOST)] = 60


class GetBars:
    """Open, high, low, close and volume, oldest first."""

    name = "get_bars"
    description = f"Up to {MOST} stored bars of one symbol, oldest first, as [begin, open, high, low, close, volume]."
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        (symbol,) = verified([arguments.symbol])
        found = last_bars_of([symbol], arguments.timeframe, arguments.count, before=context.now)[symbol]
        rows = [
            [
                bar.at.isoformat(timespec="minutes"),
                *(plain(number) for number in (bar.open, bar.high, bar.low, bar.close, bar.volume)),
            ]
            for bar in found
        ]
        return Answer(content={"symbol": symbol, "timeframe": arguments.timeframe, "bars": rows})


GET_BARS = GetBars()
