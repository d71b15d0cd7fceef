"""Every source of ticks by name."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from common.errors import NotFound
from markets.feeds.base import Feed
from markets.feeds.demo import DemoFeed


def _demo() -> Feed:
    config = settings.CONFIG
    return DemoFeed(
        seed=config.demo_seed,
        speed=float(config.demo_speed),
        volatility=float(config.demo_volatility),
        seconds=float(config.demo_tick_seconds),
    )


FEEDS: dict[str, Callable[[], Feed]] = {
    "demo": _demo,
}


def feed_named(source: str) -> Feed:
    """A new feed of this source. Raises NotFound naming the known ones."""
    make = FEEDS.get(source)
    if make is None:
        raise NotFound(f"There is no feed {source!r}: use one of {', '.join(sorted(FEEDS))}.")
    return make()
