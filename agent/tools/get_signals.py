"""Look at the strategies and what they signalled."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool

from agent.fencing import Words
from agent.tools.base import Answer, Arguments, Context, Reach, Symbol, verified
from automation.strategies.models import Strategy, StrategySignal
from common.money import plain

MOST_STRATEGIES, MOST_SIGNALS = 20, 50


class Wanted(Arguments):
    strategy: UUID | None = None
    symbol: Symbol | None = None
    count: Annotated[int, Field(ge=1, le=MOST_SIGNALS)] = 20
    names: StrictBool = False  # shows what people called them, which taints the run


class GetSignals:
    """What each strategy of the portfolio stands at, and its last changes."""

    name = "get_signals"
    description = (
        "The strategies of the portfolio with the signal (-1 to 1) and target of each symbol, and the last changes of "
        "signals with what became of them. Optionally of one strategy or symbol. names: with "
        "the strategies' names, which are untrusted: a run that has read any can only propose."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        words = Words()
        strategies = Strategy.objects.filter(user=context.user, portfolio=context.portfolio, archived_at=None)
        if arguments.strategy is not None:
            strategies = strategies.filter(pk=arguments.strategy)
        signals = StrategySignal.objects.filter(strategy__in=strategies).order_by("-created_at")
        symbols = verified([arguments.symbol]) if arguments.symbol else []
        if symbols:
            signals = signals.filter(instrument__in=symbols)
        shown = strategies.order_by("-created_at").prefetch_related("symbols")[:MOST_STRATEGIES]
        return Answer(
            content={
                "strategies": [_strategy(one, symbols, words if arguments.names else None) for one in shown],
                "signals": [_signal(one, words) for one in signals[: arguments.count]],
            },
            taint=words.taint,
        )


def _strategy(strategy: Strategy, symbols: list[str], words: Words | None) -> dict[str, object]:
    standings = [one for one in strategy.symbols.all() if not symbols or one.instrument_id in symbols]
    return {
        "id": str(strategy.pk),
        "type": strategy.strategy_type,
        "name": words.of(strategy.name, "a strategy's name") if words else None,
        "mode": strategy.mode,
        "enabled": strategy.enabled,
        "status": strategy.status,
        "timeframe": strategy.timeframe,
        "symbols": [
            {
                "symbol": one.instrument_id,
                "signal": None if one.signal is None else format(one.signal, ".4g"),
                "target": None if one.target is None else plain(one.target),
            }
            for one in standings[:50]
        ],
    }


def _signal(one: StrategySignal, words: Words) -> dict[str, object]:
    return {
        "strategy": str(one.strategy_id),
        "symbol": one.instrument_id,
        "closed_at": one.closed_at.isoformat(timespec="minutes"),
        "signal": None if one.signal is None else format(one.signal, ".4g"),
        "target": None if one.target is None else plain(one.target),
        "close": None if one.close is None else plain(one.close),
        "state": one.state,
        "reason_code": one.reason_code,
        "reason": words.of(one.reason, "why a signal was not carried out"),
    }


GET_SIGNALS = GetSignals()
