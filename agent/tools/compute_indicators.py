"""Indicators from stored bars."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import stdev
from typing import Annotated, Literal

from pydantic import Field

from agent.tools.base import Answer, Arguments, Context, Reach, Symbol, verified
from automation import averages, rsi
from automation.atr import atr_at_close, bars_used
from common.money import HUNDRED, plain
from markets.selectors import last_bars_of
from markets.types import BarRow

Kind = Literal["sma", "ema", "rsi", "atr", "change_percent", "volatility_percent", "highest", "lowest"]


class Indicator(Arguments):
    kind: Kind
    period: Annotated[int, Field(ge=2, le=200)]


class Wanted(Arguments):
    symbol: Symbol
    timeframe: Literal["1d", "1h", "15m", "5m", "1m"] = "1d"
    indicators: Annotated[list[Indicator], Field(min_length=1, max_length=10)]


class ComputeIndicators:
    """At the last stored bar; null where there are too few."""

    name = "compute_indicators"
    description = (
        "Indicators of one symbol at its last bar: sma, ema, rsi (Wilder), atr (Wilder, dollars), change_percent and "
        "volatility_percent (standard deviation of the bars' changes) over `period` bars, highest, lowest."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        (symbol,) = verified([arguments.symbol])
        needed = max(_needed(one) for one in arguments.indicators)
        bars = last_bars_of([symbol], arguments.timeframe, needed, before=context.now)[symbol]
        found = [{"kind": one.kind, "period": one.period, "value": _value(one, bars)} for one in arguments.indicators]
        last = {"at": bars[-1].at.isoformat(timespec="minutes"), "close": plain(bars[-1].close)} if bars else None
        return Answer(content={"symbol": symbol, "bars": len(bars), "last": last, "indicators": found})


def _needed(one: Indicator) -> int:
    if one.kind in ("sma", "ema"):
        return averages.bars_needed(one.kind, one.period)
    if one.kind == "rsi":
        return rsi.bars_needed(one.period)
    return bars_used(one.period) if one.kind == "atr" else one.period + 1


def _value(one: Indicator, bars: Sequence[BarRow]) -> str | None:
    closes = [bar.close for bar in bars]
    found = _of_closes(one, closes) if one.kind != "atr" else atr_at_close(bars, one.period)
    return None if found is None else plain(round(found, 6))


def _of_closes(one: Indicator, closes: Sequence[Decimal]) -> Decimal | None:
    if one.kind == "rsi":
        return rsi.rsi_at_close(closes, one.period)
    if len(closes) < _needed(one):
        return None
    if one.kind in ("sma", "ema"):
        return averages.averages(closes, one.kind, one.period)[-1]
    window = closes[-one.period - 1 :]
    if one.kind in ("highest", "lowest"):
        return max(window[1:]) if one.kind == "highest" else min(window[1:])
    if not all(window):
        return None
    if one.kind == "change_percent":
        return (window[-1] / window[0] - 1) * HUNDRED
    return stdev(new / old - 1 for old, new in pairwise(window)) * HUNDRED


COMPUTE_INDICATORS = ComputeIndicators()
