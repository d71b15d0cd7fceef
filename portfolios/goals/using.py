"""Who else needs a goal: upper rooms say which of their things name it, so that it is not deleted under them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

Users = Callable[[UUID], Sequence[str]]  # the things that name the goal, as a person calls them

_users: dict[str, Users] = {}


def register(name: str, users: Users) -> None:
    """Add something that can name goals, such as rules. ValueError when another one has the name."""
    if _users.setdefault(name, users) is not users:
        raise ValueError(f"Users of goals named {name!r} are registered already: choose another name.")


def users_of(goal_id: UUID) -> list[str]:
    """`rule "Rebalance on Fridays"`, … : everything that names the goal and is still in use."""
    return [thing for users in _users.values() for thing in users(goal_id)]
