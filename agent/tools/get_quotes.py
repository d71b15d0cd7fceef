"""Look at the latest prices."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agent.tools.base import Answer, Arguments, Context, Reach
from common.money import plain
from markets.selectors import latest_quotes


class Symbols(Arguments):
    symbols: Annotated[list[Annotated[str, Field(max_length=20)]], Field(min_length=1, max_length=50)]


class GetQuotes:
    """Prices with their age, so that nobody builds on an old one."""

    name = "get_quotes"
    description = "The latest price, bid, ask, previous close and age in seconds of up to 50 symbols."
    arguments = Symbols
    reach = Reach.READ

    def run(self, arguments: Symbols, context: Context) -> Answer:
        wanted = [symbol.upper() for symbol in arguments.symbols]
        found = latest_quotes(wanted)
        return Answer(
            content={
                "quotes": {
                    symbol: {
                        "last": plain(quote.last),
                        "bid": None if quote.bid is None else plain(quote.bid),
                        "ask": None if quote.ask is None else plain(quote.ask),
                        "prev_close": None if quote.prev_close is None else plain(quote.prev_close),
                        "age_seconds": str(int((context.now - quote.at).total_seconds())),
                        "simulated": quote.instrument.demo,
                    }
                    for symbol, quote in sorted(found.items())
                },
                "unknown": sorted(set(wanted) - set(found)),
            }
        )


GET_QUOTES = GetQuotes()
