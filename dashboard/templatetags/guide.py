"""Small drawings: a line of the last minutes, and how near a price is."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard.selectors import order_story
from dashboard.selectors.frame import Frame
from dashboard.selectors.safety_desk import what_holds
from orders.models import Order, Source

register = template.Library()
WIDTH, HEIGHT = 120, 34
FAR = Decimal("0.5")  # percent: an empty gauge


@register.simple_tag
def mini_line(values: Sequence[float]) -> SafeString | str:
    """A line of values, oldest first, without axes; nothing for fewer than two."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    reach = (high - low) or 1
    step = WIDTH / (len(values) - 1)
    points = " ".join(
        f"{index * step:.1f},{HEIGHT - 3 - (value - low) / reach * (HEIGHT - 6):.1f}"
        for index, value in enumerate(values)
    )
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<polyline points="{}"></polyline></svg>',
        WIDTH,
        HEIGHT,
        points,
    )


@register.simple_tag
def gauge(distance_percent: Decimal | None) -> SafeString | str:
    """How near a price is, on a scale on which the last half percent is all there is."""
    if distance_percent is None:
        return ""
    near = max(Decimal(0), 1 - abs(Decimal(distance_percent)) / FAR) * 100
    return format_html(
        '<svg class="gauge" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="14"></rect></svg>',
        f"{near:.1f}",
    )


@register.simple_tag
def stations_of(order: Order) -> list[tuple[str, str]]:
    """Placed, checked, sent, filled: how far an order got."""
    return order_story.stations(order)


@register.simple_tag
def way(order: Order) -> SafeString:
    """The same as four small marks in a row of a list; the state beside them says it in words."""
    marks = format_html_join("", '<i class="{}"></i>', ((look,) for _, look in order_story.stations(order)))
    return format_html('<span class="way" aria-hidden="true">{}</span>', marks)


@register.simple_tag
def what_holds_now(frame: Frame) -> tuple[str, str, str]:
    """Tone, headline and meaning of the state of trading."""
    return what_holds(frame.killed, frame.trading_state)


@register.filter
def asked_by(source: str) -> str:
    """action_execution:<id> -> a rule; what is no kind of order stays as it is, without its id."""
    kind = source.partition(":")[0]
    return dict(Source.choices).get(kind, kind.replace("_", " ")).lower()
