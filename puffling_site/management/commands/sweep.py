"""The sweeper: a small process of its own that does whatever a lost nudge or a dead worker left behind.

It needs PostgreSQL only. With Redis down it evaluates and submits by itself, so that stops keep working.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection

from common.clock import now
from common.heartbeats import beat
from puffling_site.wiring import SWEEP, SweepStep

log = logging.getLogger(__name__)
PERIOD = 1.0  # seconds


class Command(BaseCommand):
    help = "Run the sweeper until SIGTERM. Exit codes: 0 stopped on request."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run every step once and exit")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        if once:
            for step in SWEEP:
                step.run(now())
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write("Sweeper is ready.")
        Sweeper().run(stop)
        self.stdout.write("Sweeper stopped.")


class Sweeper:
    """Runs each step when it is due. One step's failure is logged and does not keep the others from running."""

    def __init__(self) -> None:
        self.due: dict[str, float] = {}
        self.failing: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            began = time.monotonic()
            self.sweep_once(began)
            stop.wait(max(0.05, PERIOD - (time.monotonic() - began)))

    def sweep_once(self, at: float) -> None:
        """Run what is due at monotonic time `at`, and leave a sign of life."""
        close_old_connections()
        for step in SWEEP:
            if self.due.get(step.name, 0.0) <= at:
                self.due[step.name] = at + step.every.total_seconds()
                self.run_one(step, now())
        self.guarded("heartbeat", lambda: beat("sweeper", now=now(), failing=sorted(self.failing)))

    def run_one(self, step: SweepStep, moment: datetime) -> None:
        self.guarded(step.name, lambda: step.run(moment))

    def guarded(self, name: str, work: Any) -> None:
        """Do `work`; on failure log it once per outage with its traceback, and start from a clean connection."""
        try:
            work()
        except Exception:
            level = logging.DEBUG if name in self.failing else logging.ERROR
            log.log(level, "sweep step %r failed; trying again every second", name, exc_info=True)
            self.failing.add(name)
            connection.close()
        else:
            if name in self.failing:
                log.info("sweep step %r works again", name)
                self.failing.discard(name)
