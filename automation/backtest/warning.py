"""What a reader should know before believing a backtest: thin data, gaps, made-up prices, chosen symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from automation.backtest.market import Market
from automation.replay.results import gaps_of, missing
from common.money import plain
from safety.types import InstrumentView, PolicyView

FEW_TRADES = 30  # closed trades below which luck explains anything
FEW_BARS = 252
MOST_GAPS = 20
HALTED = ("DRAWDOWN", "DAILY_LOSS")


def gaps(market: Market) -> list[dict[str, Any]]:
    """The longest stretches of trading without a bar, by symbol."""
    found = [{"symbol": symbol, **gap} for symbol, bars in market.bars.items() for gap in gaps_of(bars)]
    return sorted(sorted(found, key=lambda gap: -int(gap["bars"]))[:MOST_GAPS], key=lambda gap: str(gap["from"]))


def of_data(market: Market, instruments: Mapping[str, InstrumentView], labels: Mapping[str, str]) -> Iterator[str]:
    """What the bars cannot show. `labels`: what the price data is said to be, by symbol."""
    simulated = sorted(symbol for symbol, view in instruments.items() if view.demo)
    if simulated:
        yield f"Simulated prices, made up by the demo market: {_few(simulated)}. They say nothing about real markets."
    for label in sorted({label for symbol, label in labels.items() if label and not instruments[symbol].demo}):
        yield f"{_few(sorted(s for s, text in labels.items() if text == label))}: {label}"
    sessions = len({int(name) // 86_400 for name in market.at[market.first :]})
    if sessions < FEW_BARS:
        yield f"Only {sessions} sessions: less than a year, and one kind of market."
    lost = sum(missing(bars) for bars in market.bars.values())
    if lost:
        yield f"{lost} bars are missing: nothing can be traded where there is none."
    late = sorted(s for s, bars in market.bars.items() if _begins(market, s) > market.first or not len(bars))
    if late:
        yield f"{_few(late)} have bars only from later on: until then their part stays cash."
    if len(market.bars) > 1:
        yield (
            "Survivorship: the symbols were chosen today. Companies that failed or left the exchange since are not"
            " among them, so the past looks better than it was."
        )
    else:
        yield "The symbol was chosen today, knowing what became of it (survivorship)."
    yield "Dividends and splits count only as far as the bars are adjusted for them."


def of_result(
    *, closed: int, codes: Mapping[str, int], approved: int, halted_for_good: bool, short: Sequence[str] = ()
) -> Iterator[str]:
    """What the figures do not say of themselves. `short`: symbols whose orders did not fill whole."""
    if closed < FEW_TRADES:
        yield f"Only {closed} closed trades: too few to tell skill from luck."
    if codes:
        listed = ", ".join(f"{count} × {code}" for code, count in sorted(codes.items(), key=lambda one: -one[1]))
        yield f"The safety limits denied orders, as they would have live: {listed}."
    if approved:
        yield f"{approved} orders would have waited for a person; they were counted as approved at once."
    if halted_for_good:
        yield (
            "After a loss beyond the safety limits new positions were denied; live, trading halts then until a person"
            " resumes it."
        )
    if short:
        yield f"Orders of {_few(sorted(set(short)))} were larger than a fill may be: the rest was not traded."


def of_limits(policy: PolicyView, changed: Sequence[str]) -> Iterator[str]:
    """Whose limits applied."""
    if changed:
        names = ", ".join(f"{name} {_shown(getattr(policy, name))}" for name in changed)
        yield f"Judged under changed safety limits ({names}), not those in force."


def _begins(market: Market, symbol: str) -> int:
    """The first moment from `first` on at which the symbol has a bar."""
    fresh = market.fresh[market.row[symbol], market.first :]
    return market.first + (int(fresh.argmax()) if fresh.any() else len(fresh))


def _few(symbols: Sequence[str]) -> str:
    return ", ".join(symbols[:5]) + (f" and {len(symbols) - 5} more" if len(symbols) > 5 else "")


def _shown(value: Any) -> str:
    return plain(value) if hasattr(value, "is_finite") else str(value)
