"""Figures as they are written in a document. Plain Python."""

from __future__ import annotations

from portfolios.measuring.figures import Figure

NONE = "–"
MINUS = "\u2212"


def percent(value: float | None, *, signed: bool = False, places: int = 1) -> str:
    """A share as percent: 0.123 is 12.3 %."""
    if value is None:
        return NONE
    text = f"{100 * value:+,.{places}f}" if signed else f"{100 * value:,.{places}f}"
    return _minus(text) + "\u00a0%"


def ratio(value: float | None) -> str:
    """A plain number of two places."""
    return NONE if value is None else _minus(f"{value:,.2f}")


def dollars(value: float | None, *, signed: bool = False) -> str:
    """Dollars and cents."""
    if value is None:
        return NONE
    sign = MINUS if value < -0.004 else "+" if signed and value > 0.004 else ""
    return f"{sign}${abs(value):,.2f}"


def figure(one: Figure | None, kind: str) -> str:
    """A figure of a kind: percent, signed (percent with its sign) or ratio."""
    value = one.value if one is not None else None
    return ratio(value) if kind == "ratio" else percent(value, signed=kind == "signed")


def _minus(text: str) -> str:
    zero = not text.strip("+-0.,")
    return text.lstrip("+-") if zero else text.replace("-", MINUS)
