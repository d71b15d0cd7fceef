"""What must also hold when the trigger fires, over bars: true, false or unknown, and unknown never acts.

The last price counts for prices, the last bar closed by then for averages, RSI and volumes of minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from automation import averages
from automation.models import Action
from automation.replay import history
from automation.replay.bars import exact
from automation.replay.feeds import BarFeed, Tape
from automation.replay.pushed import PushedFeed, pushed_feed
from automation.replay.watching import Hit
from automation.triggers.base import WatchPlan
from automation.triggers.registry import TRIGGERS
from watches import machine
from watches.specs import MarketSlice, SeriesKind, WatchSpec


class Conditions:
    """The conditions of one rule over the bars of its symbol and, where they name others, of those."""

    def __init__(self, action: Action, tape: Tape, others: Mapping[str, Tape]) -> None:
        self.symbol = action.instrument_id or ""
        self.tapes = {**others, self.symbol: tape}
        self.conditions: list[dict[str, Any]] = list(action.conditions)
        self._feeds: dict[int, BarFeed | PushedFeed] = {}

    def in_the_way(self, hit: Hit) -> str:
        """Why nothing is done at this firing: the first condition that is false, else one unknown; empty: all hold."""
        unknown = ""
        for number, condition in enumerate(self.conditions):
            symbol = condition.get("symbol") or self.symbol
            sentence = TRIGGERS[condition["trigger_type"]].sentence(condition["trigger_params"], symbol)
            holds = self._holds(number, condition, self.tapes[symbol], hit, own=symbol == self.symbol)
            if holds is False:
                return f"The condition {sentence} does not hold."
            unknown = unknown or ("" if holds else f"The condition {sentence} is unknown.")
        return unknown

    def _holds(self, number: int, condition: Mapping[str, Any], tape: Tape, hit: Hit, *, own: bool) -> bool | None:
        moment = self._moment(hit)
        bar = hit.bar if own else int(np.searchsorted(tape.bars.ends, moment, side="right")) - 1
        if not 0 <= bar < len(tape.bars):
            return None
        price = hit.price if own and hit.price is not None else exact(tape.bars.close[bar])
        params = condition["trigger_params"]
        if condition["trigger_type"] == "ma_cross":
            return _average(params, tape, moment, price)
        plan = TRIGGERS[condition["trigger_type"]].plan(params, tape.bars.symbol)
        if not isinstance(plan, WatchPlan) or plan.spec.follow is not None:
            return None
        if number not in self._feeds:
            pushes = plan.spec.series.kind == SeriesKind.PUSHED
            self._feeds[number] = pushed_feed(tape, plan.spec.series.observable) if pushes else BarFeed(tape, plan.spec)
        feed = self._feeds[number]
        if isinstance(feed, PushedFeed):
            at = int(np.searchsorted(feed.at, moment, side="right")) - 1
            return _reached(plan.spec, feed.slice(at)) if at >= 0 else None
        spec = replace(plan.spec, series=feed.as_of(plan.spec.series, bar))
        return _reached(spec, replace(feed.slice(bar), low=price, high=price, last=price))

    def _moment(self, hit: Hit) -> int:
        """Up to when bars had closed for certain: the beginning of the bar in which it fired."""
        bars = self.tapes[self.symbol].bars
        return int(bars.starts[hit.bar]) if hit.bar < len(bars) else int(hit.at.timestamp())


def _average(params: Mapping[str, Any], tape: Tape, moment: int, price: Decimal) -> bool | None:
    """Whether the short average is above (down, either: below) the long one; live counts the price as a bar."""
    closed = history.in_timeframe(tape.bars, tape.daily, params["timeframe"])
    needed = averages.bars_needed(params["kind"], params["long"])
    end = int(np.searchsorted(closed.ends, moment, side="right"))
    closes = [exact(close) for close in closed.close[max(0, end - needed) : end]]
    if len(closes) < needed:
        return None
    if params["on"] == "live":
        closes = [*closes[1:], price]
    fast, slow = (averages.averages(closes, params["kind"], params[name])[-1] for name in ("short", "long"))
    return fast > slow if params["direction"] == "up" else fast < slow


def _reached(spec: WatchSpec, market: MarketSlice) -> bool | None:
    state = replace(machine.start(spec, market.at), series=spec.series)
    seen, _ = machine.observe(state, market)
    return None if seen is None else machine.scan_for(spec, machine.ARMED, spec.direction).reached(seen.last)
