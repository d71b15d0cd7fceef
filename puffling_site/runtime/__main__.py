"""`python -m puffling_site.runtime`: start Puffling. `make run` and `manage.py up` come here."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from puffling_site.runtime.environment import data_folder
from puffling_site.runtime.journal import Journal
from puffling_site.runtime.process import RuntimeFault, end_with_parent
from puffling_site.runtime.services import APPLICATION
from puffling_site.runtime.state import AlreadyRunning, DataFolder
from puffling_site.runtime.supervisor import Catalogue, Options, Supervisor

EXIT_STOPPED, EXIT_FAILED, EXIT_ALREADY_RUNNING = 0, 1, 3
EPILOG = """\
PostgreSQL and Valkey are started from their wheels under the data folder (.puffling, or PUFFLING_DATA_DIR) unless
DATABASE_URL or REDIS_URL name servers of your own. Ctrl-C or SIGTERM stops everything and keeps the data.

exit codes: 0 stopped on request; 1 a part could not start (the lines above the end say which); 2 wrong usage;
            3 Puffling is already running on this data folder
"""


def parser() -> argparse.ArgumentParser:
    """Return the command line of `up`."""
    result = argparse.ArgumentParser(
        prog="manage.py up",
        description="Start Puffling: servers, web, workers, feed, sweeper and Flower under one supervisor.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    port = os.environ.get("PUFFLING_PORT", "8000")
    result.add_argument(
        "--port", type=int, default=port, help="port of the site (PUFFLING_PORT, 8000); taken: the next free one"
    )
    result.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    result.add_argument("--no-demo", action="store_true", help="no demo account, no demo market")
    result.add_argument("--only", default="", metavar="SERVICES", help=f"only these, of: {', '.join(APPLICATION)}")
    result.add_argument("--without", default="", metavar="SERVICES", help="all but these (workers: all three)")
    result.add_argument("--workers-trading", type=int, default=2, metavar="N", help="trading processes (2)")
    feeds = os.environ.get("PUFFLING_FEEDS", "demo")
    result.add_argument("--feeds", default=feeds, metavar="SOURCES", help="market feeds to run (PUFFLING_FEEDS, demo)")
    return result


def main(argv: Sequence[str] | None = None, catalogue: Catalogue | None = None) -> int:
    """Run the supervisor; returns the exit code."""
    arguments = parser().parse_args(argv)
    options = Options(
        data=data_folder(),
        host=arguments.host,
        port=arguments.port,
        demo=not arguments.no_demo,
        only=arguments.only,
        without=arguments.without,
        workers_trading=arguments.workers_trading,
        feeds=tuple(filter(None, (source.strip() for source in arguments.feeds.split(",")))) or ("demo",),
    )
    if os.environ.pop("PUFFLING_END_WITH_PARENT", ""):  # set by `make run`: who kills make means us
        end_with_parent(signal.SIGTERM)
    try:
        folder = DataFolder(options.data)
        with folder.locked():
            journal = Journal(folder.path / "logs" / "puffling.log")
            try:
                return asyncio.run(Supervisor(options, folder, journal, catalogue).run())
            finally:
                journal.close()
    except AlreadyRunning as fault:
        sys.stderr.write(f"{fault}\n")
        return EXIT_ALREADY_RUNNING
    except RuntimeFault as fault:
        sys.stderr.write(f"{fault}\n")
        return EXIT_FAILED


if __name__ == "__main__":
    raise SystemExit(main())
