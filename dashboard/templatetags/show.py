"""How numbers, times and states look on a page. Numbers come in as Decimal; nothing here rounds what is stored."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.money import plain

register = template.Library()
NOTHING = "–"
MINUS = "−"
HUNDRED = Decimal(100)

TONES = {
    "good": {"active", "filled", "succeeded", "accepted", "pass", "live", "ok"},
    "bad": {"failed", "blocked", "rejected", "deny", "critical", "halted", "not_accepted"},
    "warn": {"paused", "awaiting_approval", "needs_approval", "unknown", "warning", "reducing", "partially_filled"},
    "info": {"pending", "running", "queued", "submitting", "proposed", "auto"},
}


@register.filter
def money(value: Decimal | None) -> str:
    """$1,234.50, or – when unknown."""
    if value is None:
        return NOTHING
    return f"{MINUS if value < 0 else ''}${abs(value):,.2f}"


@register.filter
def signed_money(value: Decimal | None) -> str:
    """+$12.00 or −$12.00."""
    return money(value) if value is None or value <= 0 else f"+{money(value)}"


@register.filter
def price(value: Decimal | None) -> str:
    """A price with two decimals, four below a dollar, and more if it has more to say."""
    if value is None:
        return NOTHING
    value = Decimal(value)
    return f"{value:,.2f}" if abs(value) >= 1 else f"{value:,.4f}"


@register.filter
def shares(value: Decimal | None) -> str:
    """A quantity without trailing zeros."""
    if value is None:
        return NOTHING
    value = Decimal(value)
    whole, _, part = plain(abs(value)).partition(".")
    return f"{MINUS if value < 0 else ''}{int(whole):,}{'.' + part if part else ''}"


@register.filter
def percent(value: Decimal | None) -> str:
    """5.25 -> 5.25%."""
    return NOTHING if value is None else f"{MINUS if value < 0 else ''}{abs(Decimal(value)):,.2f}%"


@register.filter
def signed_percent(value: Decimal | None) -> str:
    """+5.25% or −5.25%."""
    return percent(value) if value is None or value <= 0 else f"+{percent(value)}"


@register.filter
def trend(value: Decimal | None) -> str:
    """The class that colours a gain or a loss."""
    return "" if not value else "up" if value > 0 else "down"


@register.filter
def tone(state: str) -> str:
    """The pill colour of a state."""
    return next((look for look, states in TONES.items() if state in states), "")


@register.filter
def words(code: str) -> str:
    """awaiting_approval -> Awaiting approval."""
    return code.replace("_", " ").capitalize()


@register.filter
def stamp(at: datetime | None) -> SafeString | str:
    """A moment in the user's time zone, with the exact UTC time for machines and for the pointer."""
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    today = local.date() == timezone.localtime().date()
    text = f"{local:%H:%M:%S}" if today else f"{local:%d %b %Y, %H:%M}"
    exact = f"{local:%d %b %Y, %H:%M:%S %Z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, text)


_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2})(:\d{2})? UTC")


@register.filter
def moments(line: str) -> str:
    """A sentence with its moments on the reader's clock: 'until 2026-11-20 15:55:00 UTC' -> 'until 10:55:00'."""

    def local(found: re.Match[str]) -> str:
        at = timezone.localtime(datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ''}+00:00"))
        time = f"{at:%H:%M:%S}" if found[3] else f"{at:%H:%M}"
        return time if at.date() == timezone.localtime().date() else f"{at:%d %b %Y}, {time}"

    return _MOMENT.sub(local, line)


@register.filter
def span(seconds: float | None) -> str:
    """A number of seconds in the unit people would use: 45 s, 3 min, 2 h, 4 d."""
    if seconds is None:
        return NOTHING
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing of the sprite."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("dashboard/icons.svg"), name
    )


@register.simple_tag
def distance_bar(distance_percent: Decimal | None) -> SafeString | str:
    """How near a trigger is: full at the firing price, empty 10 % away."""
    if distance_percent is None:
        return ""
    near = max(Decimal(0), 1 - abs(Decimal(distance_percent)) / 10) * HUNDRED
    return format_html(
        '<svg class="bar{}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="6"></rect></svg>',
        " near" if near >= 90 else "",
        f"{near:.1f}",
    )


@register.simple_tag(takes_context=True)
def here_with(context: template.Context, **changes: Any) -> str:
    """This page's query string with some parameters changed; empty values are dropped."""
    request: HttpRequest = context["request"]
    query = {**request.GET.dict(), **{key: str(value) for key, value in changes.items()}}
    return "?" + urlencode({key: value for key, value in query.items() if value})
