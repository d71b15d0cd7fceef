"""The sheet: what stands in it, in which order and words; how it is drawn is the writers' matter. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portfolios.tearsheet.shapes import Drawing

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SHADES = (0.0, 0.01, 0.03, 0.06)  # from which gain or loss a month is a shade darker


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """One headline figure; `tone` is good, bad or plain."""

    label: str
    value: str
    note: str
    tone: str = "plain"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A drawing with its title."""

    title: str
    caption: str
    drawing: Drawing


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of texts. `align` has a letter a column: l, r, or x for prose that may take what room is left."""

    title: str
    columns: Sequence[str]
    align: str
    rows: Sequence[Sequence[str]]
    caption: str = ""

    @property
    def headed(self) -> bool:
        """Whether any column has a name."""
        return any(self.columns)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A month: its text and its shade, −4 (deep red) to 4 (deep green); 0 for none."""

    text: str
    shade: int = 0

    @property
    def depth(self) -> int:
        """The shade whatever its sign."""
        return abs(self.shade)


@dataclass(frozen=True, kw_only=True, slots=True)
class Heat:
    """Years down, months across, and what each year came to."""

    rows: Sequence[tuple[int, Sequence[Cell], Cell]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A whole document."""

    title: str
    subtitle: str
    facts: Sequence[str]
    cards: Sequence[Card]
    charts: Sequence[Chart]
    heat: Heat | None
    tables: Sequence[Table]
    notes: Sequence[str]


def shade_of(gained: float) -> int:
    """How deep a month is coloured."""
    if abs(gained) < 0.00005:
        return 0
    depth = sum(1 for bound in SHADES if abs(gained) >= bound)
    return depth if gained > 0 else -depth
