from __future__ import annotations

import pytest

from common.errors import NotFound
from markets.feeds.registry import FEEDS, feed_named


def test_every_feed_answers_to_its_name():
    for name in FEEDS:
        assert feed_named(name).source == name
        assert feed_named(name).seconds > 0


def test_unknown_feeds_are_named():
    with pytest.raises(NotFound, match=r"'nyse'.*demo"):
        feed_named("nyse")
