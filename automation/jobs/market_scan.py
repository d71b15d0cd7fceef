"""`market_scan`: looks over the symbols a user follows, and runs the strategies that are due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automation.jobs import facts
from automation.jobs.base import JobContext, JobOutcome
from automation.strategies import running
from automation.strategies.models import Strategy, StrategyRun
from automation.triggers.reading import Reader, shown
from markets.selectors import latest_quotes

MOST_SYMBOLS = 500
_WHAT = "a setting of a market scan"


class MarketScan:
    """Prices that moved most, rules nearest to firing, symbols without a usable price, and what strategies say."""

    type = "market_scan"
    words = "Looks over the symbols you follow: what moved, which rules are near to firing, what your strategies say."

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, _WHAT)
        config: dict[str, Any] = {
            "symbols": _symbols(read),
            "movers": read.integer("movers", default=5, at_least=1, at_most=facts.MOST),
            "nearest": read.integer("nearest", default=5, at_least=1, at_most=facts.MOST),
            "strategies": read.flag("strategies", default=True),
        }
        read.done()
        return config

    def run(self, context: JobContext) -> JobOutcome:
        config, now = context.config, context.now
        symbols = list(config["symbols"]) or facts.followed(context.user)[:MOST_SYMBOLS]
        quotes = latest_quotes(symbols)
        stale = facts.stale(symbols, quotes, now=now)
        context.log(f"{len(symbols)} symbols, {len(stale)} without a usable price.")
        usable = [quote for symbol, quote in quotes.items() if symbol not in {one["symbol"] for one in stale}]
        result = {
            "symbols": len(symbols),
            "movers": facts.movers(usable, most=config["movers"]),
            "nearest": facts.nearest(context.user, now=now, most=config["nearest"]),
            "stale": stale[: facts.MOST],
            "stale_count": len(stale),
            "strategies": _run_strategies(context) if config["strategies"] else [],
        }
        return JobOutcome(summary=_summary(result), result=result)

    @property
    def example(self) -> dict[str, Any]:
        return {"symbols": [], "movers": 5, "nearest": 5, "strategies": True}


def _run_strategies(context: JobContext) -> list[dict[str, Any]]:
    """Judge the newest closed bar with each of the user's strategies. One judged before is not judged again."""
    strategies = Strategy.objects.filter(user=context.user, enabled=True).order_by("name", "id")
    found = [(strategy, running.run(strategy, context.now, cause=StrategyRun.Cause.JOB)) for strategy in strategies]
    for strategy, run in found:
        context.log(f"Strategy {strategy.name}: {_what_came(run)}")
    return [
        {
            "strategy": str(strategy.pk),
            "name": strategy.name,
            "bar_at": None if run is None else run.bar_at.isoformat(),
            "known": 0 if run is None else run.known,
            "unknown": 0 if run is None else run.unknown,
            "changed": 0 if run is None else run.changed,
        }
        for strategy, run in found[: facts.MOST]
    ]


def _what_came(run: StrategyRun | None) -> str:
    if run is None:
        return "no closed bar to judge, or it runs elsewhere."
    symbols = f"{run.known} symbols known, {run.unknown} unknown, {run.changed} changed"
    return f"{symbols} at the bar of {run.bar_at:%Y-%m-%d %H:%M} UTC."


def _symbols(read: Reader) -> list[str]:
    """Symbols as a list of texts; empty: those the user follows when it runs."""
    value = read.take("symbols")
    if value is None:
        return []
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) and one.strip() for one in value):
        read.errors["symbols"] = f'{shown(value)} is not a list of symbols: give some such as ["AAPL", "MSFT"]'
        return []
    symbols = list(dict.fromkeys(one.strip().upper() for one in value))
    wrong = next((one for one in symbols if not one.isascii() or not one.isprintable() or len(one) > 20), None)
    if wrong is not None:
        read.errors["symbols"] = f"{shown(wrong)} is not a symbol: give one such as AAPL"
    elif len(symbols) > MOST_SYMBOLS:
        read.errors["symbols"] = f"has {len(symbols)} symbols: at most {MOST_SYMBOLS} are scanned"
    return symbols


def _summary(result: Mapping[str, Any]) -> str:
    parts = [f"{result['symbols']} symbols"]
    if result["movers"]:
        first = result["movers"][0]
        parts.append(f"{first['symbol']} moved most ({first['change_percent']} %)")
    if result["nearest"]:
        first = result["nearest"][0]
        parts.append(f"a rule about {first['symbol']} is {first['distance_percent']} % from firing")
    if result["stale_count"]:
        parts.append(f"{result['stale_count']} without a usable price")
    changed = sum(one["changed"] for one in result["strategies"])
    if result["strategies"]:
        parts.append(f"{len(result['strategies'])} strategies, {changed} changed targets")
    return f"{'; '.join(parts)}."


MARKET_SCAN = MarketScan()
