"""The formats that can be read. A new one is a file in this folder and a line here."""

from __future__ import annotations

from collections.abc import Collection

from portfolios.importing.formats import alpaca, fidelity, ibkr, puffling, schwab
from portfolios.importing.formats.base import Format

# The one that asks for more columns first: its header may hold another's.
FORMATS: dict[str, Format] = {
    one.name: one for one in (schwab.FORMAT, fidelity.FORMAT, ibkr.FORMAT, alpaca.FORMAT, puffling.FORMAT)
}


def told_by(headers: Collection[str]) -> Format | None:
    """The format whose header this is (lower case); None if nobody's."""
    names = set(headers)
    return next((one for one in FORMATS.values() if one.known_by <= names), None)
