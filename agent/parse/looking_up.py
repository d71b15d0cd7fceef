"""The names and the calendar of this installation, as the grammar asks for them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from accounts.models import User
from markets import calendar
from markets.models import Instrument, Quote

# What companies have behind their names; nobody says it.
SUFFIXES = re.compile(
    r"[,.]?\s+(?:incorporated|inc|corporation|corp|company|co|plc|ltd|limited|holdings?|group|platforms|technologies|"
    r"class [a-c]|common stock|etf|trust|fund|& co|the)\.?$",
    re.IGNORECASE,
)
LONGEST_PAUSE = timedelta(days=15)  # no exchange is closed for so long
Owned = Callable[[User], Mapping[str, str]]


class InstalledNames:
    """Instruments by ticker, alias or company name; the user's own goals and strategies."""

    def __init__(self, user: User, *, goals: Owned, strategies: Owned) -> None:
        self._user, self._goals, self._strategies = user, goals, strategies

    def symbols(self, phrases: Sequence[str]) -> Mapping[str, str]:
        """Two queries at most, whatever the length of the sentence. What several instruments are called is left out."""
        wanted = [phrase for phrase in phrases if 0 < len(phrase) <= 60 and phrase.isprintable()]
        tickers = [phrase.upper() for phrase in wanted if " " not in phrase]
        begins = Q()
        for phrase in wanted:
            if len(phrase) > 2 and phrase[0].isalpha():
                begins |= Q(name__istartswith=phrase) | Q(name__istartswith=f"the {phrase}")
        rows = Instrument.objects.filter(active=True).filter(
            Q(pk__in=tickers) | Q(aliases__has_any_keys=wanted) | begins
        )
        found: dict[str, set[str]] = defaultdict(set)
        exact: dict[str, str] = {}
        for symbol, name, aliases in rows.values_list("symbol", "name", "aliases")[:5_000]:
            exact[symbol.lower()] = symbol
            for called in {*(alias.lower() for alias in aliases), plain_name(name)}:
                found[called].add(symbol)
        named = {phrase: next(iter(symbols)) for phrase, symbols in found.items() if len(symbols) == 1}
        both = {**named, **exact}
        return {phrase: both[phrase] for phrase in wanted if phrase in both}

    def goals(self) -> Mapping[str, str]:
        return self._goals(self._user)

    def strategies(self) -> Mapping[str, str]:
        return self._strategies(self._user)

    def price(self, symbol: str) -> Decimal | None:
        return Quote.objects.filter(pk=symbol).values_list("last", flat=True).first()


def plain_name(name: str) -> str:
    """How people call a company: Apple Inc. -> apple, The Coca-Cola Company -> coca-cola."""
    text = name.strip()
    while (shorter := SUFFIXES.sub("", text)) != text:
        text = shorter
    return text.lower().removeprefix("the ").strip(" ,.&")


class ExchangeSessions:
    """The New York Stock Exchange's sessions, with half-days."""

    def close_on_or_before(self, day: date) -> datetime | None:
        rows = calendar.sessions_between(calendar.XNYS, day - LONGEST_PAUSE, day)
        return rows[-1].closes_at if rows else None

    def open_on_or_after(self, day: date) -> datetime | None:
        rows = calendar.sessions_between(calendar.XNYS, day, day + LONGEST_PAUSE)
        return rows[0].opens_at if rows else None
