"""Pytest plugin: PostgreSQL and Valkey of this test run, started when the plugin is imported.

pytest-django reads the settings before any conftest.py, so anything later is too late: the tests would run
against whatever DATABASE_URL the developer's shell has. Set PUFFLING_TEST_INFRA=1 together with
DATABASE_URL and REDIS_URL to use servers of your own.
"""

import atexit
import os
from pathlib import Path

from puffling_site.runtime.throwaway import ThrowAway
from tests import snapshot

GUARD = "PUFFLING_TEST_INFRA"
SNAPSHOT = "PUFFLING_TEST_SNAPSHOT"  # a folder made by tests/snapshot.py: begin with its database (pytest --reuse-db)


def start_servers() -> None:
    """Start throw-away servers once and point the environment at them; they end with this process."""
    if GUARD in os.environ:  # our parent process started them
        return
    servers = ThrowAway()
    atexit.register(servers.stop)
    if SNAPSHOT in os.environ:
        snapshot.use(Path(os.environ[SNAPSHOT]), servers)
    servers.start()
    os.environ.update(servers.environment(), PUFFLING_ENV="test", **{GUARD: "1"})


start_servers()
