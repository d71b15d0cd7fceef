"""What an optimiser may be asked, checked as a whole. Plain Python; every error names its field."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from common.errors import InvalidInput
from common.money import ZERO, plain

FEWEST, MOST = 2, 50  # symbols
LEAST_DAYS, MOST_DAYS, USUAL_DAYS = 60, 2520, 504  # daily returns
ONE = Decimal(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Weights are ratios with at most four places; `bounds` are (low, high) of single symbols, for all others the
    least and most weight hold. Rates are annual, 0.04 is 4 %."""

    symbols: tuple[str, ...]
    method: str
    bounds: Mapping[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    least: Decimal = ZERO
    most: Decimal = ONE
    days: int = USUAL_DAYS
    risk_free: float = 0.0
    target_return: float | None = None

    def low(self) -> list[Decimal]:
        """The least weight of each symbol."""
        return [self.bounds.get(symbol, (self.least, self.most))[0] for symbol in self.symbols]

    def high(self) -> list[Decimal]:
        """The greatest weight of each symbol."""
        return [self.bounds.get(symbol, (self.least, self.most))[1] for symbol in self.symbols]


def check(ask: Ask, *, known: Collection[str], methods: Collection[str]) -> None:
    """Raise InvalidInput with everything that is wrong. `known` are the symbols that exist."""
    errors: dict[str, list[str]] = {}
    _check_symbols(errors, ask.symbols, known)
    if ask.method not in methods:
        errors["method"] = [f"{ask.method!r} is no method: choose one of {', '.join(methods)}."]
    if ask.method == "target_return" and ask.target_return is None:
        errors["target_return"] = ["target_return needs the annual return to aim for, e.g. 0.08."]
    if ask.method != "target_return" and ask.target_return is not None:
        errors["target_return"] = [f"{ask.method} aims for no return: leave it out, or use the method target_return."]
    _check_bounds(errors, ask)
    if errors:
        raise InvalidInput(errors)


def _check_symbols(errors: dict[str, list[str]], symbols: Sequence[str], known: Collection[str]) -> None:
    found = []
    if not FEWEST <= len(symbols) <= MOST:
        found.append(f"{len(symbols)} symbols cannot be weighed: give {FEWEST} to {MOST}.")
    twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
    if twice:
        found.append(f"{', '.join(twice)} is there more than once: name each symbol once.")
    unknown = sorted(set(symbols) - set(known))
    if unknown:
        found.append(f"{', '.join(unknown)} is not known: check the symbol.")
    if found:
        errors["symbols"] = found


def _check_bounds(errors: dict[str, list[str]], ask: Ask) -> None:
    strangers = sorted(set(ask.bounds) - set(ask.symbols))
    for symbol in strangers:
        errors[f"bounds.{symbol}"] = [f"{symbol} is not among the symbols: add it there, or drop its bounds."]
    for symbol, (low, high) in ask.bounds.items():
        if low > high:
            errors[f"bounds.{symbol}"] = [f"min {plain(low)} is above max {plain(high)}: swap them."]
    if ask.least > ask.most:
        errors["min_weight"] = [f"{plain(ask.least)} is above max_weight {plain(ask.most)}: swap them."]
    if errors:
        return
    least, most = sum(ask.low(), ZERO), sum(ask.high(), ZERO)
    if least > ONE:
        errors["min_weight"] = [f"The least weights sum to {plain(least)}: at most 1 can be given away."]
    if most < ONE:
        errors["max_weight"] = [f"The greatest weights sum to {plain(most)}: they must allow 1, cash is no asset here."]
