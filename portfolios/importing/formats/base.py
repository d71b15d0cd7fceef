"""What is to be known of an export to read it. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BUY, SELL, DEPOSIT, WITHDRAWAL = "buy", "sell", "deposit", "withdrawal"
DIVIDEND, INTEREST, FEE, SPLIT, OPENING = "dividend", "interest", "fee", "split", "opening"
TRADE = "trade"  # bought or sold, told by the side column or the quantity's sign
TRANSFER = "transfer"  # paid in or out, told by the amount's sign
IGNORE = "ignore"  # moves neither dollars nor shares of this portfolio


@dataclass(frozen=True, kw_only=True)
class Format:
    """An export: its columns (lower case, the first one present counts) and what its words for kinds mean.

    `known_by`: headers that tell it from the others. `kinds`: (beginning of the word, lower case, kind); the first that
    fits counts. `signed`: amounts carry the cash's sign; else they are positive and the kind says which way.
    `dates`: strptime formats tried in order, beside ISO 8601. `ends`: words a footer's first cell begins with.
    `checked`: how the columns were verified.
    """

    name: str
    title: str
    known_by: frozenset[str]
    columns: Mapping[str, tuple[str, ...]]
    kinds: tuple[tuple[str, str], ...]
    signed: bool = True
    dates: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column: values; other rows are left out
    checked: str = ""

    def kind_of(self, word: str) -> str | None:
        """What a word in the type column means; None: nobody knows."""
        found = word.strip().lower()
        return next((kind for begins, kind in self.kinds if found.startswith(begins)), None)
