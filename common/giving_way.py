"""Transactions that give way: they wait for a lock only briefly, let everything go, and begin again.

The engine locks prices first and rules after them; whoever edits a rule comes from the other side. Two that wait for
each other are found by PostgreSQL only after a second, and either may be the one it ends. Here the editor always
yields first, so the engine never waits longer than `LONGEST_MS` and nobody sees an error.
"""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

PATIENCE_MS = 300  # longer than nearly every transaction here, far below PostgreSQL's deadlock_timeout of 1 s
MORE_MS = 50  # longer at each attempt, for machines that are so busy that every transaction takes long
LONGEST_MS = 800
ATTEMPTS = 16  # with their pauses about ten seconds: longer than a full-market batch takes
GIVEN_WAY = frozenset({"55P03", "40P01"})  # lock_not_available, deadlock_detected


P = ParamSpec("P")
R = TypeVar("R")


def gives_way(work: Callable[P, R]) -> Callable[P, R]:
    """Run `work` in a transaction that gives way. It may run several times: all it does must be in the database.

    Raises OperationalError when the locks cannot be had after `ATTEMPTS`.
    """

    @functools.wraps(work)
    def attempt_until_done(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute(f"SET LOCAL lock_timeout = {patience(attempt)}")
                    return work(*args, **kwargs)
            except OperationalError as error:
                if attempt == ATTEMPTS or not is_contention(error):
                    raise
            time.sleep(random.uniform(0.005, 0.02) * attempt)
        raise AssertionError("unreachable")

    return attempt_until_done


def patience(attempt: int) -> int:
    """Milliseconds to wait for a lock at this attempt, counted from 1."""
    return min(PATIENCE_MS + MORE_MS * (attempt - 1), LONGEST_MS)


def is_contention(error: OperationalError) -> bool:
    """Whether the statement only met others' locks, so that the same transaction may well succeed now."""
    return getattr(error.__cause__, "sqlstate", None) in GIVEN_WAY
