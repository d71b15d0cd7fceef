"""What alerts can be about in the rooms above: portfolios, goals, strategies. The wiring plugs them in here.

Upper rooms are asked for names only: an id of somebody else's is as unknown as one that never was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from uuid import UUID

# The names of those of the ids that are this user's; ids of anybody else's are left out.
Names = Callable[[int, Collection[UUID]], dict[UUID, str]]
# The one that is meant when none is named; None: it must be named.
Default = Callable[[int], UUID | None]

PORTFOLIO, GOAL, STRATEGY = "portfolio", "goal", "strategy"

_names: dict[str, Names] = {}
_defaults: dict[str, Default] = {}


def register(kind: str, names: Names, default: Default | None = None) -> None:
    """Plug in a kind of subject. Raises ValueError when another one has the kind."""
    if _names.setdefault(kind, names) is not names:
        raise ValueError(f"Subjects of the kind {kind!r} are already registered.")
    if default is not None:
        _defaults[kind] = default


def names_of(kind: str, user_id: int, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of the user's subjects among `ids`; empty for a kind nobody plugged in."""
    return _names[kind](user_id, ids) if ids and kind in _names else {}


def default_of(kind: str, user_id: int) -> UUID | None:
    """The subject that is meant when none is named."""
    return _defaults[kind](user_id) if kind in _defaults else None


def kinds() -> list[str]:
    """The registered kinds, for the tests of the wiring."""
    return sorted(_names)
