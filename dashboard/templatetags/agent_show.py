"""How the agent's figures look on a page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template

from common.money import plain

register = template.Library()


@register.simple_tag
def dollars(value: Decimal | None) -> str:
    """Dollars of which a cent is too coarse: $3.00, $0.0042; – when unknown."""
    if value is None:
        return "–"
    if value == 0 or value >= 1:
        return f"${value:,.2f}"
    text = plain(value.quantize(Decimal("0.0001")) if value >= Decimal("0.0001") else value)
    return f"${text}{'0' if len(text.partition('.')[2]) == 1 else ''}"


@register.simple_tag
def sure(confidence: Decimal | None) -> str:
    """A confidence of 0 to 1 in words: 82% sure."""
    return "" if confidence is None else f"{confidence * 100:.0f}% sure"


@register.filter
def thousands(count: int) -> str:
    """1234 -> 1,234."""
    return f"{count:,}"


@register.filter
def last_number(steps: Sequence[Any]) -> int:
    """The number of the last step; 0 without any."""
    return steps[-1].number if steps else 0
