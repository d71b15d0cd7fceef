"""The ledger as CSV, in the format the import reads (docs/importing.md)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from common.money import plain
from portfolios.models import LedgerEntry

COLUMNS = ("date", "type", "symbol", "quantity", "price", "amount", "ratio", "external_id", "note")
FORMULA = ("=", "+", "-", "@", "\t")  # what a spreadsheet would compute


def as_csv(entries: Iterable[LedgerEntry]) -> str:
    """One row an entry. Quantities and amounts are positive, the type says which way; only interest keeps its sign."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries:
        split = entry.kind == LedgerEntry.Kind.SPLIT
        amount = entry.amount if entry.kind == LedgerEntry.Kind.INTEREST else abs(entry.amount)
        writer.writerow(
            [
                entry.at.isoformat(),
                entry.kind,
                entry.instrument_id or "",
                plain(abs(entry.quantity)) if entry.quantity and not split else "",
                "" if entry.price is None else plain(entry.price),
                plain(amount) if amount else "",
                f"{entry.new_shares}:{entry.old_shares}" if split and entry.new_shares else "",
                f"{entry.source_kind}:{entry.source_id}",
                f"'{entry.note}" if entry.note.startswith(FORMULA) else entry.note,
            ]
        )
    return text.getvalue()
