"""Run the benchmarks against throw-away servers of their own."""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from bench import report
from common.memory import keep_what_is_loaded
from puffling_site.runtime.throwaway import ThrowAway

NAMES = (
    "evaluate",
    "baseline",
    "latency",
    "storm",
    "gate",
    "ledger",
    "goals",
    "preflight",
    "simulate",
    "performance",
    "strategies",
    "backtest",
    "footprint",
    "pages",
    "retention",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which benches; none: all")
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke run of three minutes at most")
    arguments = parser.parse_args()
    for name in arguments.names or NAMES:
        # Fresh servers for each: one bench's million rows are not the next one's cache.
        servers = ThrowAway(shared_buffers="1GB", durable=name in ("latency", "storm")).start()
        try:
            run(name, quick=arguments.quick, environment=servers.environment())
        finally:
            servers.stop()


def run(name: str, *, quick: bool, environment: dict[str, str]) -> None:
    """Run one bench in a child process, whose Django knows only these servers."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(f"bench {name} failed")
        return
    os.environ.update(environment, PUFFLING_ENV="development", DJANGO_SETTINGS_MODULE="puffling_site.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    module = importlib.import_module(f"bench.{name}")
    keep_what_is_loaded()  # as Celery's workers do
    rows = module.run(quick=quick)
    report.publish(name, rows, quick=quick)
    os._exit(0)


if __name__ == "__main__":
    main()
