"""The evidence of a rule as the page's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from automation.evidence import Evidence
from automation.models import Action, ActionType
from automation.shadow_book import BookResult
from dashboard.templatetags.show import NOTHING, money, signed_money, trend


@dataclass(frozen=True, kw_only=True)
class BookRow:
    """One line: in shadow, and for real, as (text, class)."""

    label: str
    shadow: tuple[str, str]
    real: tuple[str, str]


def book_rows(action: Action, evidence: Evidence) -> list[BookRow]:
    """What the rule's trades came to; empty when there were none."""
    if not evidence.shadow and not evidence.real:
        return []
    is_open = "Saved against holding" if action.action_type == ActionType.SELL else "Open, at the last price"
    lines: list[tuple[str, Callable[[BookResult], tuple[str, str]]]] = [
        ("Trades", lambda book: (str(book.trades), "")),
        ("Result after costs", lambda book: _signed(book.result)),
        ("Closed round trips", lambda book: _signed(book.realised)),
        (is_open, lambda book: _signed(book.open)),
        ("Fees", lambda book: (money(book.fees), "")),
        ("Worst moment", lambda book: _signed(book.worst.result)),
    ]
    return [
        BookRow(label=label, shadow=_cell(evidence.shadow, told), real=_cell(evidence.real, told))
        for label, told in lines
    ]


def _cell(book: BookResult | None, told: Callable[[BookResult], tuple[str, str]]) -> tuple[str, str]:
    return told(book) if book else (NOTHING, "")


def _signed(amount: Decimal) -> tuple[str, str]:
    return signed_money(amount), trend(amount)
