"""`python -m puffling_site.runtime.alive feed: 60`: the health check of a container. Exit code 0 when alive, else 1.

Asks the database for the youngest sign of life of the processes whose name begins so (`beat`: for the youngest start of
a scheduled task) and compares its age with the seconds given. Plain SQL: a Django start would cost seconds each time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import psycopg

HEARTBEAT = "SELECT extract(epoch FROM now() - max(at)) FROM common_heartbeat WHERE starts_with(process, %s)"
SCHEDULE = "SELECT extract(epoch FROM now() - max(last_run_at)) FROM django_celery_beat_periodictask WHERE %s <> ''"


def main(argv: Sequence[str]) -> int:
    """Check one kind of process; returns the exit code."""
    name, seconds = argv[0], float(argv[1])
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection:
            row = connection.execute(SCHEDULE if name == "beat" else HEARTBEAT, [name]).fetchone()
    except psycopg.Error as error:
        sys.stderr.write(f"{error}\n")
        return 1
    age = row[0] if row else None
    sys.stderr.write(f"{name} was last heard of {'never' if age is None else f'{age:.0f} s ago'}\n")
    return 0 if age is not None and age <= seconds else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
