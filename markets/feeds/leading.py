"""One feed process per source writes; a second one waits."""

from __future__ import annotations

import zlib

from django.db import connection

SPACE = 0x5046_4C4B  # our corner of the advisory lock keys ("PFLK")


class Leadership:
    """A PostgreSQL advisory lock of this connection: whoever loses the connection has lost the lock with it.

    The lock and the writes share one connection on purpose, so that a process that no longer leads cannot write.
    """

    def __init__(self, source: str) -> None:
        self._key = zlib.crc32(f"feed:{source}".encode()) - 2**31
        self._session: object | None = None

    @property
    def held(self) -> bool:
        """Whether this connection holds the lock. No query."""
        return self._session is not None and self._session is connection.connection

    def take(self) -> bool:
        """Try to become the leader, at once or not at all."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SPACE, self._key])
            row = cursor.fetchone()
        taken = bool(row and row[0])
        self._session = connection.connection if taken else None
        return taken

    def give_up(self) -> None:
        """Let another process lead."""
        if self.held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SPACE, self._key])
        self._session = None
