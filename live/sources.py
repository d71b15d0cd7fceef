"""Quotes for open pages. `live` is below `markets`: the wiring hands in how to read quotes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from live.models import ShownSymbol

ReadQuotes = Callable[[Collection[str]], dict[str, dict[str, Any]]]
SHOWN_FOR = timedelta(seconds=60)


def _no_quotes(_symbols: Collection[str]) -> dict[str, dict[str, Any]]:
    return {}


_read: list[ReadQuotes] = [_no_quotes]


def register_quotes(read: ReadQuotes) -> None:
    """Called once by the wiring: `read(symbols)` -> {symbol: JSON-ready quote}, unknown symbols left out."""
    _read[0] = read


def quotes(symbols: Collection[str]) -> dict[str, dict[str, Any]]:
    """The latest quotes of these symbols, as they go to the sockets."""
    return _read[0](symbols) if symbols else {}


def show(symbols: Collection[str], *, now: datetime) -> None:
    """Somebody looks at these symbols: the feed should listen to them for the next minute."""
    ShownSymbol.objects.bulk_create(
        [ShownSymbol(symbol=symbol, until=now + SHOWN_FOR) for symbol in sorted(symbols)],
        update_conflicts=True,
        update_fields=["until"],
        unique_fields=["symbol"],
    )


def shown_symbols(now: datetime) -> set[str]:
    """The symbols on open pages, of whatever user and web process."""
    return set(ShownSymbol.objects.filter(until__gt=now).values_list("symbol", flat=True))


def forget_shown(now: datetime) -> int:
    """Delete the symbols nobody looks at any more. Returns how many."""
    deleted, _ = ShownSymbol.objects.filter(until__lte=now).delete()
    return deleted
