"""Puffling as real processes on the database of this test run: the command lines of `manage.py up`, run by the test.

The stack has a Valkey of its own, so that a journey may wipe or stop it and no other test notices. Every process is the
leader of a process group and dies with the test run; only what was started here is ever signalled.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import redis
from celery import current_app
from django.db import connection
from django.test import override_settings

from common.clock import now
from common.models import Heartbeat
from puffling_site.runtime.process import Launch, free_port
from puffling_site.runtime.services import Wishes, application_service, base_environment
from puffling_site.runtime.valkey import Valkey
from tests.journeys.waiting import eventually

TRADING_PROCESSES = 4
QUEUES = {"worker-ticks": "ticks", "worker-trading": "trading", "worker-jobs": "jobs"}
ANOTHER = "another "
BASE = ("worker-ticks", "worker-trading", "sweep", "web")  # what runs during every journey unless it says otherwise


@dataclass
class Running:
    """One process group that we started."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    since: float

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        """Pull the plug: SIGKILL to the process and all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def tail(self, lines: int = 60) -> str:
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join([f"--- {self.name} (pid {self.process.pid})", *text[-lines:]])


class Stack:
    """The processes of one installation. `start` and `stop` take service names as `manage.py up` knows them.

    `another beat` is a second process of the service `beat`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, Running] = {}
        self.history: list[Running] = []
        home = Path(tempfile.mkdtemp(prefix="valkey-", dir=folder))
        self.valkey = Valkey(home, port=free_port(), password="journeys", durable=False)
        self.log: IO[bytes] = (folder / "valkey.log").open("wb")
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- processes -----------------------------------------------------------------------------------------------
    def start(self, *names: str, **environment: str) -> None:
        """Start services beside each other and return when each does its work."""
        for name in names:
            assert name not in self.running, f"{name} runs already"
            self._launch(name, environment)
        for name in names:
            self.wait_for(name)

    def start_another(self, name: str) -> None:
        """A second process of a service that runs already."""
        first = self.running.pop(name)
        self.start(name)
        self.running[ANOTHER + name] = first

    def wait_for(self, name: str, *, again: bool = False) -> None:
        """Until the service shows that it works (`again`: from now on); fails with its log when it ends instead."""
        service = self.running[name]
        if again:
            service.since = now().timestamp()
        check = self._check(name.removeprefix(ANOTHER))

        def ready() -> bool:
            assert not service.ended, f"{name} ended with {service.process.returncode}\n{service.tail()}"
            return check(service)

        eventually(ready, f"{name} works", seconds=120)

    def kill(self, *names: str) -> None:
        """kill -9 of the services with all their children."""
        for name in names:
            self.running.pop(name).kill()

    def stop(self, *names: str) -> None:
        """SIGTERM to the services (all: no names), as `manage.py up` does on Ctrl-C; waits for their end."""
        stopping = [self.running.pop(name) for name in names or tuple(self.running)]
        for service in stopping:
            service.process.terminate()
        for service in stopping:
            try:
                service.process.wait(40)
            except subprocess.TimeoutExpired:
                service.kill()
                raise AssertionError(f"{service.name} did not stop on SIGTERM\n{service.tail()}") from None
            service.kill()  # what is left of its group

    def make_whole(self) -> None:
        """Start what a journey took away."""
        self.start_valkey()
        missing = [name for name in BASE if name not in self.running or self.running[name].ended]
        for name in missing:
            self.running.pop(name, None)
        for name in [name for name in self.running if name not in BASE]:
            self.stop(name)
        self.start(*missing)

    def start_valkey(self) -> None:
        if not self.valkey.is_ready():
            self.valkey.start(self.log)

    def close(self) -> None:
        """End everything at once."""
        for service in self.history:
            service.kill()
        self.running.clear()
        self.valkey.stop()
        self.log.close()

    def tails(self) -> str:
        """What waits in Valkey, and the ends of the logs, for a failed test."""
        return "\n".join([f"waiting messages: {self._messages()}", *(run.tail() for run in self.history[-8:])])

    def _messages(self) -> dict[str, int]:
        client = redis.Redis.from_url(self.valkey.url, socket_connect_timeout=2)
        try:
            return {queue: client.llen(queue) for queue in QUEUES.values()} | {"unacked": client.hlen("unacked")}
        except redis.RedisError:
            return {}
        finally:
            client.close()

    def _launch(self, name: str, environment: dict[str, str]) -> Running:
        launch = self._command(name.removeprefix(ANOTHER), environment)
        log = self.folder / f"{len(self.history):02}-{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(launch.argv, stdout=output, stderr=output, **launch.options)
        service = Running(name=name, process=process, log=log, since=now().timestamp())
        self.running[name] = service
        self.history.append(service)
        return service

    def environment(self, **changes: str) -> dict[str, str]:
        """What a process of this installation finds in its environment."""
        # Not the environment "test": it closes database connections after each task, which production does not.
        merged = base_environment(self.folder) | {
            "DATABASE_URL": database_url(),
            "REDIS_URL": self.valkey.url,
            "PUFFLING_ENV": "development",
            **changes,
        }
        merged.pop("CELERY_BROKER_URL", None)  # of the test's own process, see `reached_from_here`
        return merged

    def _command(self, name: str, changes: dict[str, str]) -> Launch:
        wishes = Wishes(host="127.0.0.1", web_port=self.port, flower_port=0, trading_workers=TRADING_PROCESSES)
        return application_service(name, wishes, self.environment(**changes)).launch()

    # --- signs of life -------------------------------------------------------------------------------------------
    def _check(self, name: str) -> Callable[[Running], bool]:
        if name in QUEUES:
            return self._answers_a_pulse
        if name == "web":
            return lambda _: self._page_answers()
        return lambda service: _beat_since(service.since, name)

    def _answers_a_pulse(self, service: Running) -> bool:
        """The queue is served: a task that was put into it ran."""
        queue = QUEUES[service.name]
        if _beat_since(service.since, f"queue:{queue}"):
            return True
        if time.time() - service.since > 1:
            current_app.send_task("site.pulse", kwargs={"queue": queue}, queue=queue, expires=30)
            time.sleep(0.3)
        return False

    def _page_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    # --- Valkey --------------------------------------------------------------------------------------------------
    def wipe_valkey(self) -> None:
        """FLUSHALL: every message, group and cache entry is gone."""
        client = redis.Redis.from_url(self.valkey.url)
        client.flushall()
        client.close()

    @contextmanager
    def without_valkey(self) -> Iterator[None]:
        """Valkey is down inside, up again afterwards."""
        self.valkey.stop()
        try:
            yield
        finally:
            self.valkey.start(self.log)

    @contextmanager
    def reached_from_here(self) -> Iterator[None]:
        """Let the nudges and pushes of the test's own process go to this stack."""
        layer = {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": [_numbered(self.valkey.url, 1)], "prefix": "puffling"},
            }
        }
        os.environ["CELERY_BROKER_URL"] = self.valkey.url
        _forget_connections()
        try:
            with override_settings(CHANNEL_LAYERS=layer):
                yield
        finally:
            del os.environ["CELERY_BROKER_URL"]
            _forget_connections()


def database_url() -> str:
    """The URL of the database the test's own connection uses."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit((parts.scheme, parts.netloc, f"/{connection.settings_dict['NAME']}", parts.query, ""))


def _numbered(url: str, database: int) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))


def _forget_connections() -> None:
    """Let Celery read its broker's address again."""
    current_app._pool = None
    current_app.amqp._producer_pool = None


def _beat_since(since: float, process: str) -> bool:
    rows = Heartbeat.objects.filter(process__startswith=process).values_list("at", flat=True)
    return any(at.timestamp() > since for at in rows)
