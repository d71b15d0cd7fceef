"""`python -m puffling_site.runtime.devservers`: throw-away servers for a developer's shell or a bench.

Prints `DATABASE_URL=...` and `REDIS_URL=...` lines (to be exported), then waits for Ctrl-C or SIGTERM.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from puffling_site.runtime.throwaway import ThrowAway


def main(argv: Sequence[str] | None = None) -> int:
    """Run the servers until told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m puffling_site.runtime.devservers", description=__doc__)
    parser.add_argument("--shared-buffers", default="128MB", help="PostgreSQL's shared_buffers (default 128MB)")
    parser.add_argument("--durable", action="store_true", help="write to disk as the real servers do")
    options = parser.parse_args(argv)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    servers = ThrowAway(shared_buffers=options.shared_buffers, durable=options.durable)
    try:
        for name, value in servers.start().environment().items():
            sys.stdout.write(f"{name}={value}\n")
        sys.stdout.flush()
        stopped.wait()
    finally:
        servers.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
