"""How a figure of a backtest looks: what kind of number it is comes with it."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard.templatetags.show import MINUS, NOTHING, money, percent, signed_money, signed_percent, trend

register = template.Library()


@register.filter
def figure(cell: tuple[str, Decimal | None]) -> SafeString | str:
    """(kind, value): coloured where it gains or loses."""
    kind, value = cell
    if value is None:
        return NOTHING
    if kind == "money":
        return format_html('<span class="{}">{}</span>', trend(value), signed_money(value))
    if kind == "percent":
        return format_html('<span class="{}">{}</span>', trend(value), signed_percent(value))
    if kind == "dollars":
        return money(value)
    if kind == "plain_percent":
        return percent(value)
    if kind == "count":
        return f"{value:,.0f}"
    text = f"{MINUS if value < 0 else ''}{abs(value):.2f}"
    return f"{text} times" if kind == "times" else text


@register.filter
def short_percent(value: Decimal | None) -> str:
    """+2.1: for tables where every cell is a percentage."""
    if value is None:
        return ""
    return f"{'+' if value > 0 else MINUS if value < 0 else ''}{abs(value):.1f}"
