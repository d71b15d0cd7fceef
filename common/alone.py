"""One at a time, across processes: for what several would share out between them and tell in pieces."""

from __future__ import annotations

from django.db import connection


def is_alone(work: str) -> bool:
    """Whether nobody else does this work now. Inside a transaction; nobody else can then begin it until that ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [work])
        return bool(cursor.fetchone()[0])
