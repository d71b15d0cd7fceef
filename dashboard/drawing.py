"""Small drawings as numbers for inline SVG: rings, sparklines, shades. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from common.money import ZERO

COLOURS = 8  # slices with a colour of their own; what is smaller is put together
CASH, OTHER = "Cash", "Other"
WIDTH, HEIGHT, EDGE = 100.0, 26.0, 2.0  # of a sparkline


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A part of a ring whose length is 100. `tone` names its colour: 1 to 8, cash or other."""

    label: str
    percent: Decimal
    offset: Decimal  # where it begins, as stroke-dashoffset wants it: negative
    tone: str


def tones_of(labels: Iterable[str]) -> dict[str, str]:
    """A colour for each label, in this order."""
    tones = {CASH: "cash", OTHER: "other"}
    for label in labels:
        if label not in tones:
            number = len(tones) - 1
            tones[label] = str(number) if number <= COLOURS else "other"
    return tones


def ring(shares: Sequence[tuple[str, Decimal]], tones: dict[str, str] | None = None) -> list[Slice]:
    """Slices of (label, percent); what is 0 or less is left out."""
    tones = tones_of(label for label, _ in shares) if tones is None else tones
    slices, begins = [], ZERO
    for label, percent in shares:
        if percent <= ZERO:
            continue
        slices.append(Slice(label=label, percent=percent, offset=-begins, tone=tones.get(label, "other")))
        begins += percent
    return slices


def spark(prices: Sequence[float]) -> str:
    """The points of a polyline 100 wide and 26 high; empty with fewer than two prices."""
    if len(prices) < 2:
        return ""
    low, high = min(prices), max(prices)
    room = (high - low) or 1.0
    step = (WIDTH - 2 * EDGE) / (len(prices) - 1)
    return " ".join(
        f"{EDGE + index * step:.1f},{HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (price - low) / room:.1f}"
        for index, price in enumerate(prices)
    )


def shade(value: float | None, bounds: Sequence[float]) -> str:
    """How deep a cell is coloured: p4 … p1 above 0, m1 … m4 below, empty for nothing."""
    if value is None:
        return ""
    depth = sum(1 for bound in bounds if abs(value) >= bound)
    return f"{'p' if value > 0 else 'm'}{depth}" if depth else ""
