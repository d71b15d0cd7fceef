"""`manage.py feed`: the process that brings prices in."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common import clock
from common.errors import NotFound
from markets.feeds.registry import FEEDS, feed_named
from markets.feeds.running import Runner


class Command(BaseCommand):
    help = "Run a market feed until SIGTERM or Ctrl-C. A second process for the same source waits as hot standby."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--source", default="demo", help=f"one of: {', '.join(sorted(FEEDS))} (default demo)")
        parser.add_argument("--once", type=int, metavar="N", help="stop after N turns; fails if another feed leads")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            feed = feed_named(options["source"])
        except NotFound as error:
            raise CommandError(error.detail) from None
        runner = Runner(feed)
        stopping = threading.Event()
        previous = {
            number: signal.signal(number, lambda *_: stopping.set()) for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            self._run(runner, stopping, options["once"])
        finally:
            runner.stop()
            for number, handler in previous.items():
                signal.signal(number, handler)
        self.stdout.write(f"feed {feed.source}: stopped after {runner.ticks} ticks")

    def _run(self, runner: Runner, stopping: threading.Event, turns: int | None) -> None:
        done = 0
        while not stopping.is_set() and (turns is None or done < turns):
            started = time.monotonic()
            runner.step(clock.now())
            done += 1
            if turns is not None and not runner.leads:
                raise CommandError(f"feed {runner.feed.source}: {runner.state}. Try again later, or without --once.")
            seconds = min(runner.feed.seconds, 1.0) if runner.leads else 1.0
            stopping.wait(max(0.0, seconds - (time.monotonic() - started)))
