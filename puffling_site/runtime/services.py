"""The processes of Puffling: what each is called and how it is started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from puffling_site.runtime.children import Service
from puffling_site.runtime.environment import BASE
from puffling_site.runtime.process import Launch, RuntimeFault, die_with_parent

WORKERS = {"worker-ticks": "ticks", "worker-trading": "trading", "worker-jobs": "jobs,agent,default"}
APPLICATION = ("web", *WORKERS, "feed", "sweep", "beat", "flower")
ESSENTIAL = {"web", *WORKERS, "feed", "sweep"}  # what /readyz asks about
GROUPS = {"workers": tuple(WORKERS), "worker": tuple(WORKERS)}
COMMANDS = {"feed": "feed", "sweep": "sweep"}  # services that are a manage.py command; left out until it exists
# Celery's word to root is about pickled messages, which Puffling never accepts.
ROOT_WARNING = "ignore:You're running the worker with superuser privileges"


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the person asked for on the command line, with the ports found for it."""

    host: str
    web_port: int
    flower_port: int
    trading_workers: int = 2
    feeds: tuple[str, ...] = ("demo",)


def chosen(only: str, without: str) -> list[str]:
    """Return the application services to run, in starting order. Raises RuntimeFault for an unknown name."""
    wanted = (_names(only) if only else set(APPLICATION)) - _names(without)
    return [name for name in APPLICATION if name in wanted]


def with_feeds(names: list[str], feeds: tuple[str, ...]) -> list[str]:
    """Return the services with one feed process per source: `feed` is the first source, `feed-alpaca` another."""
    more = [f"feed-{source}" for source in feeds[1:]] if "feed" in names else []
    return [*names, *more]


def _names(text: str) -> set[str]:
    names: set[str] = set()
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name in GROUPS:
            names.update(GROUPS[name])
        elif name in APPLICATION:
            names.add(name)
        else:
            raise RuntimeFault(f"There is no service {name!r}. Services: {', '.join(APPLICATION)}; group: workers.")
    return names


def python_launch(
    arguments: list[str], environment: dict[str, str], death_signal: signal.Signals = signal.SIGTERM
) -> Launch:
    """Return how to run this environment's Python as a child that gets `death_signal` when we die."""
    return Launch(
        argv=[sys.executable, *arguments],
        options={
            "cwd": str(BASE),
            "env": environment,
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
            "preexec_fn": die_with_parent(death_signal),
        },
    )


def application_service(name: str, wishes: Wishes, environment: dict[str, str]) -> Service:
    """Return one of the APPLICATION services."""

    def service(arguments: list[str], patience: float = 6.0) -> Service:
        return Service(name=name, launch=lambda: python_launch(arguments, environment), patience=patience)

    if name == "web":
        return service(_web(wishes), patience=8.0)
    if name in WORKERS:
        return _worker_service(name, wishes, environment)
    if name == "beat":
        return service([*_celery("beat"), "--pidfile=", "--max-interval", "5"])
    if name == "flower":
        return service([*_celery("flower"), "--address=127.0.0.1", f"--port={wishes.flower_port}"])
    if name.startswith("feed"):
        return service(["manage.py", "feed", "--source", name.partition("-")[2] or wishes.feeds[0]])
    return service(["manage.py", COMMANDS[name]])


def _web(wishes: Wishes) -> list[str]:
    arguments = ["-m", "uvicorn", "puffling_site.asgi:application", "--host", wishes.host]
    arguments += ["--port", str(wishes.web_port), "--lifespan", "off", "--timeout-graceful-shutdown", "5"]
    return [*arguments, "--no-access-log", "--no-server-header"]


def _worker_service(name: str, wishes: Wishes, environment: dict[str, str]) -> Service:
    # With this, SIGTERM means: take no more work, give running tasks a moment, put the rest back (reliability.md, 4.3).
    merged = environment | {"REMAP_SIGTERM": "SIGQUIT"}
    # When we are killed, Valkey goes too, and a worker told to stop would wait for it to come back, for ever.
    arguments = _worker(name, wishes)
    return Service(
        name=name, launch=lambda: python_launch(arguments, merged, death_signal=signal.SIGKILL), patience=12.0
    )


def _worker(name: str, wishes: Wishes) -> list[str]:
    processes = wishes.trading_workers if name == "worker-trading" else 1
    arguments = [*_celery("worker"), "-Q", WORKERS[name], "-c", str(processes), "-n", f"{name}@%h", "-E"]
    arguments += ["--without-mingle", "--without-gossip"]
    # On a desk the stop must be quick. Nothing is lost: interrupted work is a row that the next start picks up.
    return [*arguments, "--", "worker.soft_shutdown_timeout=5.0", "worker.enable_soft_shutdown_on_idle=no"]


def _celery(command: str) -> list[str]:
    return ["-m", "celery", "--quiet", "-A", "puffling_site", command]


def base_environment(data: Path) -> dict[str, str]:
    """Return our environment as the Python children get it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment.setdefault("DJANGO_SETTINGS_MODULE", "puffling_site.settings")
    warnings = ",".join(filter(None, (environment.get("PYTHONWARNINGS"), ROOT_WARNING)))
    return environment | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": warnings,
        "SKIP_CHECKS": "1",  # Celery's: the preparation has run the checks, once instead of per process
        "PUFFLING_DATA_DIR": str(data),
        "PUFFLING_SUPERVISED": str(data),  # by this mark the next start finds what a killed supervisor left
    }
