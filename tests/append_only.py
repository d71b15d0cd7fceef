"""Pytest plugin: lets Django empty append-only tables between transaction=True tests, and only there.

The triggers named `append_only_…` refuse TRUNCATE, which is how Django cleans up after such tests. The table's owner
may switch its triggers off; the flush does so inside its own transaction.
"""

from __future__ import annotations

from typing import Any

GUARDED = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'append\\_only\\_%'"


def pytest_sessionstart() -> None:
    # Plugins are loaded before Django is set up, so its backend cannot be imported at the top.
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush = DatabaseOperations.sql_flush

    def sql_flush(self: Any, *args: Any, **kwargs: Any) -> list[str]:
        statements = flush(self, *args, **kwargs)
        if not statements:
            return statements
        with self.connection.cursor() as cursor:
            cursor.execute(GUARDED)
            tables = [row[0] for row in cursor.fetchall()]
        return [
            *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables),
            *statements,
            *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables),
        ]

    DatabaseOperations.sql_flush = sql_flush
