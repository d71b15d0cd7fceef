"""The symbols of an import: known ones, or, where the operator says so, new ones for the record."""

from __future__ import annotations

from collections.abc import Sequence

from markets.importing import BadFile, Mistake
from markets.models import Exchange, Instrument
from portfolios.importing.types import Row


def ensure(rows: Sequence[Row], *, create: bool) -> list[str]:
    """See that every symbol is an instrument. Returns those made. Raises BadFile naming the first row of each unknown.

    A new one is active, so that it can be priced, but not tradable: nobody has said that a broker knows it.
    """
    first = {row.symbol: row for row in reversed(rows) if row.symbol}
    known = set(Instrument.objects.filter(pk__in=first).values_list("pk", flat=True))
    unknown = sorted(first.keys() - known, key=lambda symbol: first[symbol].line)
    if not unknown:
        return []
    if not create:
        fix = (
            "is not a known instrument: correct it, or have an administrator add it (manage.py import_history"
            " --create-instruments does)."
        )
        raise BadFile([Mistake(row=first[one].line, column="symbol", value=one, fix=fix) for one in unknown])
    exchange, _ = Exchange.objects.get_or_create(code="XNYS", defaults={"name": "New York Stock Exchange"})
    Instrument.objects.bulk_create(
        [
            Instrument(symbol=symbol, name=symbol, exchange=exchange, tradable=False, data_label="from an import")
            for symbol in unknown
        ],
        ignore_conflicts=True,
    )
    return unknown
