"""What charts are drawn of: lines, areas and words on a plane whose y grows downwards. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A stroke through `points`; `fill` closes and fills it instead. Colours are hex."""

    points: Sequence[tuple[float, float]]
    colour: str
    width: float = 1.5
    dashed: bool = False
    fill: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """Text whose baseline begins, is centred or ends at x, y."""

    x: float
    y: float
    text: str
    colour: str
    size: float = 10
    anchor: Anchor = "start"
    bold: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """Shapes in the order they are painted; `summary` says in words what they show."""

    width: float
    height: float
    shapes: tuple[Line | Words, ...]
    summary: str
