"""Check what a person wrote as a strategy: every field, all errors at once, each with the value and the fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.drafting.base import storable
from automation.lookups import Lookups
from automation.strategies.bar_clock import TIMEFRAMES
from automation.strategies.base import Strategy as Kind
from automation.strategies.models import Strategy, StrategyMode
from automation.strategies.registry import STRATEGIES
from automation.strategies.sizing import parse_sizing
from automation.triggers.base import BadParams
from automation.triggers.cron import CRON
from automation.triggers.reading import Reader, shown
from common.errors import InvalidInput
from markets.models import Instrument

MOST_SYMBOLS = 500
NAME_LENGTH, NOTES_LENGTH = 120, 10_000
# Editing one of these makes another strategy of it: its signals begin anew, what it showed says nothing any more.
REMAKES = frozenset({"strategy_type", "params", "symbols", "timeframe", "sizing", "portfolio_id", "cron", "timezone"})
FIELDS = (
    "name", "strategy_type", "params", "symbols", "portfolio", "timeframe", "mode", "sizing", "cron", "timezone",
    "enabled", "notes",
)  # fmt: skip


def check(user: User, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a strategy, `symbols` as instruments in their order. Raises InvalidInput with every error."""
    try:
        return _Draft(user, Reader(raw, "a field of a strategy")).check()
    except BadParams as bad:
        raise InvalidInput({name or "body": text for name, text in bad.errors.items()}) from None


def as_raw(strategy: Strategy) -> dict[str, Any]:
    """A strategy as `check` reads it, so that an edit is checked together with what it leaves alone."""
    same = ("name", "strategy_type", "params", "timeframe", "mode", "sizing", "cron", "timezone", "enabled", "notes")
    return {
        **{name: getattr(strategy, name) for name in same},
        "portfolio": str(strategy.portfolio_id),
        "symbols": symbols_of(strategy),
    }


def symbols_of(strategy: Strategy) -> list[str]:
    """Its symbols in the order they were given."""
    return [row.instrument_id for row in sorted(strategy.symbols.all(), key=lambda row: row.position)]


class _Draft:
    """Reads one raw strategy. Errors are collected by the reader."""

    def __init__(self, user: User, read: Reader) -> None:
        self.read, self.errors = read, read.errors
        self.lookups = Lookups(user)

    def check(self) -> dict[str, Any]:
        kind = self._kind()
        instruments = self._symbols(kind)
        fields: dict[str, Any] = {
            "strategy_type": kind.key if kind else "",
            "params": self._part("params", kind.parse if kind else None),
            "symbols": instruments,
            "exchange_id": instruments[0].exchange_id if instruments else None,
            "portfolio_id": self._portfolio(),
            "timeframe": self.read.choice("timeframe", TIMEFRAMES, default="1d"),
            "mode": self.read.choice("mode", StrategyMode.values, default=StrategyMode.MONITOR.value),
            "sizing": self._part("sizing", parse_sizing),
            "enabled": self.read.flag("enabled", default=True),
            "notes": self._text("notes", NOTES_LENGTH),
            **self._schedule(),
        }
        fields["name"] = self._text("name", NAME_LENGTH) or self._name(kind, instruments)
        self.read.done()
        return fields

    def _kind(self) -> Kind | None:
        key = self.read.take("strategy_type")
        if isinstance(key, str) and key in STRATEGIES:
            return STRATEGIES[key]
        words = " or ".join(STRATEGIES)
        self.errors["strategy_type"] = (
            f"is required: use {words}" if key is None else f"{shown(key)} is not known: use {words}"
        )
        return None

    def _part(self, name: str, parse: Any) -> dict[str, Any]:
        """An object with its own keys; their errors are named `name.key`."""
        raw = self.read.take(name)
        if parse is None:
            return {}
        try:
            parsed: dict[str, Any] = parse({} if raw is None else raw)
        except BadParams as bad:
            self.errors.update({f"{name}.{key}" if key else name: text for key, text in bad.errors.items()})
            return {}
        return parsed

    def _symbols(self, kind: Kind | None) -> list[Instrument]:
        given = self.read.take("symbols")
        words = [given] if isinstance(given, str) else given
        if not isinstance(words, (list, tuple)) or not words or not all(isinstance(word, str) for word in words):
            told = "is required" if given is None else f"{shown(given)} is not a list of symbols"
            self.errors["symbols"] = f'{told}: give some such as ["AAPL", "MSFT"]'
            return []
        names = list(dict.fromkeys(word.strip().upper() for word in words))
        if problem := self._count_problem(kind, len(names)):
            self.errors["symbols"] = problem
            return []
        good = [name for name in names if storable(name)]
        self.lookups.preload(set(good))
        known = {name: found for name in good if (found := self.lookups.instrument(name)) is not None}
        unknown = [
            f"{shown(name)} is not a known symbol{self.lookups.near_symbol(name)}"
            for name in names
            if name not in known
        ]
        unknown += [f"{shown(name)} is no longer traded" for name, found in known.items() if not found.active]
        if not unknown and len({found.exchange_id for found in known.values()}) > 1:
            unknown = ["are of several exchanges: all symbols of one strategy must trade on the same one"]
        if unknown:
            self.errors["symbols"] = "; ".join(unknown[:10])
            return []
        return [known[name] for name in names]

    def _count_problem(self, kind: Kind | None, count: int) -> str:
        least, most = (kind.least_symbols, kind.most_symbols or MOST_SYMBOLS) if kind else (1, MOST_SYMBOLS)
        if least <= count <= most:
            return ""
        wanted = f"exactly {least}" if least == most else f"{least} to {most}"
        return f"has {count} different symbols: {kind.key if kind else 'a strategy'} takes {wanted}"

    def _portfolio(self) -> UUID | None:
        value = self.read.take("portfolio")
        if value is None:
            primary = self.lookups.primary()
            if primary is None:
                self.errors["portfolio"] = "is required: you have no primary portfolio"
            return primary.id if primary else None
        try:
            found = self.lookups.portfolio(UUID(str(value)))
        except ValueError:
            found = None
        if found is None:
            self.errors["portfolio"] = f"{shown(value)} is not one of your portfolios: see /api/portfolios/"
        return found.id if found else None

    def _schedule(self) -> dict[str, str]:
        cron = self._text("cron", 100)
        zone = self.read.zone("timezone", default="America/New_York")
        if cron and "cron" not in self.errors:
            try:
                cron = CRON.parse({"expression": cron})["expression"]
            except BadParams as bad:
                self.errors["cron"] = " ".join(bad.errors.values())
        return {"cron": cron, "timezone": zone}

    def _name(self, kind: Kind | None, instruments: list[Instrument]) -> str:
        if kind is None:
            return ""
        first = ", ".join(instrument.symbol for instrument in instruments[:3])
        return f"{kind.title} {first}{'…' if len(instruments) > 3 else ''}"[:NAME_LENGTH]

    def _text(self, key: str, length: int) -> str:
        value = self.read.take(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.errors[key] = f"{shown(value)} is not a text"
            return ""
        if len(value) > length:
            self.errors[key] = f"is {len(value)} characters long: at most {length} are kept"
        elif not storable(value):
            self.errors[key] = "contains a NUL character or half of a surrogate pair: remove it"
        return value.strip()
