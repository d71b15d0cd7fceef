"""The supervisor behind `make run`: servers, preparation, services, and the orderly end of it all."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from puffling_site.runtime import services
from puffling_site.runtime.children import Child, Service, lines
from puffling_site.runtime.environment import generated
from puffling_site.runtime.home import write_private
from puffling_site.runtime.journal import Journal
from puffling_site.runtime.leftovers import end_leftovers
from puffling_site.runtime.postgres import READY_SECONDS, Postgres
from puffling_site.runtime.process import RuntimeFault, free_port
from puffling_site.runtime.state import DataFolder, Secrets
from puffling_site.runtime.valkey import Valkey

PAGE_SECONDS = 60.0  # until the first page must answer
READY_GRACE = 25.0  # how long to wait for full readiness once the page answers
WORKER_SECONDS = 30.0  # how long to wait for the workers
DEMO_USER = "demo"
EVERYWHERE = ("0.0.0.0", "::")  # nosec B104: compared with what was asked for, not bound here


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """What is started: how the installation is prepared, and each application service. Tests put stand-ins here."""

    prepare: tuple[str, ...] = ("-m", "puffling_site.runtime.prepare")
    service: Callable[[str, services.Wishes, dict[str, str]], Service] = services.application_service


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `up` was asked for (see its --help)."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = True
    only: str = ""
    without: str = ""
    workers_trading: int = 2
    feeds: tuple[str, ...] = ("demo",)


class Supervisor:
    """One run of Puffling: `run` returns the exit code after everything has been stopped."""

    def __init__(
        self, options: Options, folder: DataFolder, journal: Journal, catalogue: Catalogue | None = None
    ) -> None:
        self.options = options
        self.catalogue = catalogue or Catalogue()
        self.folder = folder
        self.journal = journal
        self.children: list[Child] = []
        self.environment: dict[str, str] = {}
        self.started = time.monotonic()
        self._urgent = False
        self._step: asyncio.subprocess.Process | None = None

    async def run(self) -> int:
        """Start everything, wait for a signal, stop everything."""
        work = asyncio.create_task(self._live())
        loop = asyncio.get_running_loop()
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if sig is signal.SIGHUP and signal.getsignal(sig) is signal.SIG_IGN:
                continue  # started with nohup: meant to outlive the terminal
            loop.add_signal_handler(sig, self._on_signal, sig, work)
        try:
            await work
        except asyncio.CancelledError:
            return 0
        except (RuntimeFault, psycopg.Error) as fault:
            self.journal.say(f"cannot start: {fault}")
            return 1
        finally:
            await self._stop_all()
        return 0

    def _on_signal(self, sig: signal.Signals, work: asyncio.Task[None]) -> None:
        if not self._urgent and not work.done():
            self.journal.say(f"{sig.name}: stopping, a few seconds (once more: at once)")
            self._urgent = True
            work.cancel()
            return
        for child in self.children:
            child.kill()

    async def _live(self) -> None:
        names = services.with_feeds(services.chosen(self.options.only, self.options.without), self.options.feeds)
        if count := await asyncio.to_thread(end_leftovers, self.folder.path):
            self.journal.say(f"ended {count} processes of an earlier run")
        secrets = self.folder.secrets()
        wishes = services.Wishes(
            host=self.options.host,
            web_port=free_port(self.options.port, self.options.host),
            flower_port=self.folder.port("flower", 5555),
            trading_workers=self.options.workers_trading,
            feeds=self.options.feeds,
        )
        self.environment = self._environment(secrets, wishes)
        await self._start_servers(secrets)
        prepared = await self._prepare()
        await self._start_application(names, wishes, set(prepared["commands"]))
        self._announce(secrets, prepared["login"])
        if "flower" in names:
            self._child(self.catalogue.service("flower", wishes, self.environment))
        await asyncio.Event().wait()  # until a signal cancels us

    def _environment(self, secrets: Secrets, wishes: services.Wishes) -> dict[str, str]:
        """Return the children's environment; what the person has set wins over what was generated."""
        made = generated(secrets, wishes.flower_port) | {"PUFFLING_URL": self._url(wishes.web_port)}
        if self.options.host not in ("127.0.0.1", "localhost", "::1"):
            made["PUFFLING_ALLOWED_HOSTS"] = ",".join(sorted(names_of_this_machine(self.options.host)))
        return made | services.base_environment(self.folder.path)

    def _url(self, port: int) -> str:
        host = "127.0.0.1" if self.options.host in EVERYWHERE else self.options.host
        return f"http://{host}:{port}/"

    async def _start_servers(self, secrets: Secrets) -> None:
        """Start the embedded servers that no URL of the person's replaces, both at once."""
        waiting = []
        if "DATABASE_URL" not in os.environ:
            waiting.append(self._start_postgres(secrets))
        if "REDIS_URL" not in os.environ:
            waiting.append(self._start_valkey(secrets))
        await asyncio.gather(*waiting)

    async def _start_postgres(self, secrets: Secrets) -> None:
        server = Postgres(
            self.folder.path / "postgres",
            port=0,
            password=secrets.postgres_password,
            admin_password=secrets.postgres_admin_password,
            shared_buffers=os.environ.get("PUFFLING_SHARED_BUFFERS", "128MB"),
        )
        await asyncio.to_thread(server.init)
        await asyncio.to_thread(server.settle)
        server.port = self.folder.port("postgres")
        service = Service(
            name="postgres",
            launch=server.launch,
            ready=server.is_ready,
            stop_signals=(signal.SIGINT, signal.SIGQUIT),
            patience=20.0,
        )
        await self._child(service).wait_ready(READY_SECONDS)
        await asyncio.to_thread(server.create_database)
        self.environment["DATABASE_URL"] = server.url

    async def _start_valkey(self, secrets: Secrets) -> None:
        port = await asyncio.to_thread(self.folder.port, "valkey")
        server = Valkey(self.folder.path / "valkey", port=port, password=secrets.valkey_password)
        service = Service(name="valkey", launch=server.launch, ready=lambda _pid: server.is_ready())
        await self._child(service).wait_ready(READY_SECONDS)
        self.environment["REDIS_URL"] = server.url

    async def _prepare(self) -> dict[str, Any]:
        """Run `prepare` to its end and return its answer."""
        arguments = [*self.catalogue.prepare, *([] if self.options.demo else ["--no-demo"])]
        launch = services.python_launch(arguments, self.environment)
        self._step = process = await asyncio.create_subprocess_exec(
            *launch.argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **launch.options
        )
        answer: list[str] = []

        async def read_answer() -> None:
            answer.extend([line async for line in lines(process.stdout)])

        async def read_talk() -> None:
            async for line in lines(process.stderr):
                self.journal.line("prepare", line)

        await asyncio.gather(read_answer(), read_talk())
        if await process.wait() != 0 or not answer:
            raise RuntimeFault("preparing the database failed; the lines of `prepare` above say why.")
        found = json.loads(answer[-1])
        return found if isinstance(found, dict) else {}

    async def _start_application(self, names: list[str], wishes: services.Wishes, commands: set[str]) -> None:
        """Start the page first, and the rest when it answers: a dozen Pythons starting at once help nobody."""
        if "web" in names:
            self._child(self.catalogue.service("web", wishes, self.environment))
            await self._page_answers()
            self.journal.say(f"the page answers at {self.environment['PUFFLING_URL']}; starting the rest")
        for name in names:
            if name in ("web", "flower"):
                continue
            if (command := services.COMMANDS.get(name.partition("-")[0])) and command not in commands:
                self.journal.say(f"{name} is left out: there is no `manage.py {command}` yet")
                continue
            self._child(self.catalogue.service(name, wishes, self.environment))
        await self._workers_listen(names)
        if set(names) >= services.ESSENTIAL:  # with fewer, the site would wait for what was not asked for
            await self._fully_ready()

    async def _page_answers(self) -> None:
        deadline = time.monotonic() + PAGE_SECONDS
        while await asyncio.to_thread(http_status, self.environment["PUFFLING_URL"] + "healthz") is None:
            if time.monotonic() > deadline:
                raise RuntimeFault(f"the web server did not answer within {PAGE_SECONDS:.0f} s; see its lines above.")
            await asyncio.sleep(0.1)

    async def _fully_ready(self) -> None:
        """Wait for /readyz to say 200, within reason: the page works, something behind it may need longer."""
        deadline = time.monotonic() + READY_GRACE
        while (status := await asyncio.to_thread(http_status, self.environment["PUFFLING_URL"] + "readyz")) != 200:
            if status == 404:
                return
            if time.monotonic() > deadline:
                self.journal.say("the page answers, but not everything is ready: see `make doctor`")
                return
            await asyncio.sleep(1.0)

    async def _workers_listen(self, names: list[str]) -> None:
        """Wait for the workers, within reason: nothing is ready before, and Flower keeps its first look at them."""
        workers = sum(name in services.WORKERS for name in names)
        deadline = time.monotonic() + WORKER_SECONDS
        while await asyncio.to_thread(listening_workers, self.environment["REDIS_URL"]) < workers:
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(0.2)

    def _announce(self, secrets: Secrets, login: dict[str, Any] | None) -> None:
        """Print the last lines and leave the address and the demo login for scripts."""
        url = self.environment["PUFFLING_URL"]
        if self.options.demo:
            password = self.environment["PUFFLING_DEMO_PASSWORD"]
            facts = {"PUFFLING_URL": url, "PUFFLING_USER": DEMO_USER, "PUFFLING_PASSWORD": password}
            text = "".join(f"{name}={value}\n" for name, value in facts.items())
            write_private(self.folder.path / "demo.env", text)
        seconds = time.monotonic() - self.started
        self.journal.say(f"ready after {seconds:.1f} s; log: {self.folder.path / 'logs' / 'puffling.log'}")
        self.journal.tell(f"\nPuffling is ready: {url}\n")
        if login:
            self.journal.tell(f"Log in once with:  {login['url']}\n")
        if self.options.demo:
            self.journal.tell(f"Demo user and password: {self.folder.path / 'demo.env'}   Ctrl-C stops everything.\n\n")

    def _child(self, service: Service) -> Child:
        child = Child(service, self.journal)
        self.children.append(child)
        child.start(self._note_running)
        return child

    def _note_running(self) -> None:
        pids = {child.service.name: child.pid for child in self.children}
        self.folder.note_running(url=self.environment.get("PUFFLING_URL"), services=pids)

    async def _stop_all(self) -> None:
        """Stop the services, then the servers they talk to."""
        if self._step and self._step.returncode is None:
            self._step.kill()
        servers = [child for child in self.children if child.service.name in ("postgres", "valkey")]
        others = [child for child in self.children if child not in servers]
        for group in (others, servers):
            await asyncio.gather(*(child.stop() for child in group))
        self.journal.say("stopped; the data is kept in " + str(self.folder.path))


def http_status(url: str) -> int | None:
    """Return the status a page answers with, None while nobody answers. Asks as the TLS proxy of production does."""
    request = urllib.request.Request(url, headers={"X-Forwarded-Proto": "https"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # nosec B310: our own address, always http
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def names_of_this_machine(host: str) -> set[str]:
    """Return the names and addresses under which a browser may ask for this machine."""
    names = {"localhost", "127.0.0.1", "[::1]", socket.gethostname(), host}.difference(EVERYWHERE)
    try:
        names.update(socket.gethostbyname_ex(socket.gethostname())[2])
    except OSError:  # a machine that cannot look itself up: what we have must do
        return names
    return names


def listening_workers(url: str) -> int:
    """Return how many Celery workers listen for remote control: each has a connection with a pattern subscription."""
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as connection:
            return sum(client["psub"] != "0" for client in connection.client_list(_type="pubsub"))
    except redis.RedisError:
        return 0
