"""A worker that dies on command: for each crash point read from stdin a fork does the trading task and dies there.

The task is to carry out firings, or, with the argument `rebalance`, to carry on rebalance runs.

Like a child of Celery's pool, but Django starts once instead of once per point. Writes how each fork ended.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from automation.tasks import execute, rebalance  # noqa: E402

TASK = rebalance if sys.argv[1:] == ["rebalance"] else execute


def die_at(point: str) -> int:
    """Do what waits with the crash point set; returns the fork's end as a wait status turned into an exit code."""
    connection.close()
    pid = os.fork()
    if pid == 0:
        settings.CONFIG = replace(settings.CONFIG, crash_at=point)
        TASK()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


for line in sys.stdin:
    sys.stdout.write(f"{die_at(line.strip())}\n")
    sys.stdout.flush()
