"""What the pages show when their pictures are taken: one file for each part of the site.

Each gives `furnish(desk)`, which fills the desk through domain functions and returns the pages to look at. They run in
the order of `PARTS`, on one desk.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.furnishing import agent, frame, goals, portfolio, rules, settings, strategies
from tests.browser.looking import Look
from tests.orders.making import Desk

# The goals come last: they change the limits.
PARTS: tuple[Callable[[Desk], list[Look]], ...] = (
    rules.furnish,
    portfolio.furnish,
    strategies.furnish,
    agent.furnish,
    settings.furnish,
    frame.furnish,
    goals.furnish,
)


def furnish(desk: Desk) -> list[Look]:
    return [look for part in PARTS for look in part(desk)]
