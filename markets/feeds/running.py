"""The feed process: poll, record, build bars, beat. One `step` is one turn of the loop."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connection

from common.heartbeats import beat
from markets import subscriptions
from markets.bars import MinuteBuilder, keep_bars
from markets.feeds.base import Feed
from markets.feeds.leading import Leadership
from markets.quoting import record_ticks
from markets.types import Tick, flaw

log = logging.getLogger(__name__)

REFRESH = timedelta(seconds=1)
FLUSH = timedelta(seconds=3)
LONGEST_BACKOFF = timedelta(seconds=5)
# Ticks that waited for the database this long at most still count as extremes of the quote. Older ones become minute
# bars only: a stop that fires on a price of ten minutes ago would sell at a price that nobody decided on.
STILL_COUNTS = timedelta(seconds=120)


class Runner:
    """Runs one feed. Survives the loss of PostgreSQL (ticks wait in memory) and of Redis (nudges are only nudges)."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.ticks = 0  # recorded since the start
        self._leadership = Leadership(feed.source)
        self._started = False  # the feed runs: we lead, or led until the connection broke
        self._standby = False
        self._waiting: list[Tick] = []
        self._bars = MinuteBuilder()
        self._refresh_at: datetime | None = None
        self._flush_at: datetime | None = None
        self._outage_since: datetime | None = None
        self._retry_at: datetime | None = None
        self._backoff = timedelta(0)

    @property
    def leads(self) -> bool:
        """Whether the feed runs in this process."""
        return self._started

    @property
    def state(self) -> str:
        """leading, standby (another process leads), or waiting for the database."""
        return "leading" if self._started else "standby" if self._standby else "waiting for the database"

    def step(self, now: datetime) -> bool:
        """One turn; returns whether ticks were recorded.

        Upkeep comes before the poll, so that a price somebody asked the demo market for is in this turn's ticks.
        """
        patience = self._retry_at is not None and now < self._retry_at
        if not patience:
            try:
                if self._leads(now):
                    self._keep_up(now)
                self._back(now)
            except (OperationalError, InterfaceError) as error:
                self._lost(error, now)
        if not self._started:
            return False
        self._collect(now)
        if not self._leadership.held:
            return False
        try:
            return self._record(now)
        except (OperationalError, InterfaceError) as error:
            self._lost(error, now)
            return False

    def stop(self) -> None:
        """Write what is in memory and let another process lead."""
        self.feed.stop()
        if not self._leadership.held:
            return
        try:
            self._bars.flush()
            self._leadership.give_up()
        except (OperationalError, InterfaceError) as error:
            log.warning(
                "feed %s: the last %s pieces of minute bars are lost: %s", self.feed.source, len(self._bars), error
            )

    def _collect(self, now: datetime) -> None:
        ticks = self.feed.poll(now=now)
        for tick in ticks:
            if flaw(tick, now=now) is None:
                self._bars.add(tick)
        kept = [tick for tick in self._waiting if tick.at >= now - STILL_COUNTS] if self._waiting else []
        self._waiting = kept + ticks

    def _leads(self, now: datetime) -> bool:
        """Whether this process may write, becoming the leader if nobody else is."""
        if self._leadership.held:
            return True
        if not self._leadership.take():
            if not self._standby:
                log.warning("feed %s: another process leads; waiting as hot standby", self.feed.source)
            self._standby, self._started = True, False
            self._waiting, self._bars = [], MinuteBuilder()  # the other one has these ticks, too
            return False
        if not self._started:
            self._start(now)
        return True

    def _start(self, now: datetime) -> None:
        self.feed.start(now=now)
        # The gap first, then live ticks: rules that look back over minutes must not see a hole.
        filled = keep_bars(list(self.feed.missed_bars(now=now)))
        self._started, self._standby, self._refresh_at = True, False, None
        log.info("feed %s: leading; %s minute bars filled in", self.feed.source, filled)

    def _keep_up(self, now: datetime) -> None:
        """What is due: minute bars to the database, subscriptions to the source, a sign of life."""
        # Bars before `refresh`, which makes daily bars of the minute bars when the day rolls.
        if self._flush_at is None or now >= self._flush_at:
            self._bars.flush()
            minute_end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
            self._flush_at = min(now + FLUSH, minute_end)
        if self._refresh_at is None or now >= self._refresh_at:
            symbols = frozenset(subscriptions.wanted())
            self.feed.refresh(symbols=symbols, now=now)
            beat(f"feed:{self.feed.source}", now=now, ticks=self.ticks, wanted=len(symbols))
            self._refresh_at = now + REFRESH

    def _record(self, now: datetime) -> bool:
        if not self._waiting:
            return False
        result = record_ticks(ticks=self._waiting, now=now)
        self._waiting = []
        self.ticks += result.recorded
        if result.unusable:
            log.info("feed %s: unusable ticks %s", self.feed.source, dict(result.unusable))
        return result.recorded > 0

    def _lost(self, error: Exception, now: datetime) -> None:
        connection.close()
        if self._outage_since is None:
            self._outage_since = now
            log.warning("feed %s: the database is away, trying again: %s", self.feed.source, str(error).strip())
        self._backoff = min(max(self._backoff * 2, timedelta(milliseconds=250)), LONGEST_BACKOFF)
        self._retry_at = now + self._backoff

    def _back(self, now: datetime) -> None:
        if self._outage_since:
            away = (now - self._outage_since).total_seconds()
            log.warning("feed %s: the database is back after %.1f s", self.feed.source, away)
        self._outage_since, self._retry_at, self._backoff = None, None, timedelta(0)
