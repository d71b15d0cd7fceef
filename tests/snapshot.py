"""Make the test database once, for groups of tests that run side by side: `python -m tests.snapshot FOLDER`.

Applying the migrations takes every group half a minute of a busy machine. Here it is done once; each group starts its
own server on a copy of the cluster (`PUFFLING_TEST_SNAPSHOT`, see tests/infra.py) and finds its database there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from puffling_site.runtime.throwaway import ThrowAway

DATA, PASSWORD = "data", "admin-password"


def make(folder: Path) -> None:
    """Leave a stopped cluster with a migrated test database in `folder`, which must not exist."""
    folder.mkdir(mode=0o755)
    servers = ThrowAway()
    try:
        servers.start()
        os.environ.update(servers.environment(), PUFFLING_ENV="test", DJANGO_SETTINGS_MODULE="puffling_site.settings")
        import django
        from django.db import connection, connections

        django.setup()
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        connections.close_all()
        servers.postgres.stop()
        copy(servers.postgres.data, folder / DATA)
        (folder / PASSWORD).write_text(servers.postgres.admin_password)
    finally:
        servers.stop()


def use(folder: Path, servers: ThrowAway) -> None:
    """Give servers that have not started a copy of the cluster."""
    servers.postgres.admin_password = (folder / PASSWORD).read_text()
    copy(folder / DATA, servers.postgres.data)


def copy(source: Path, target: Path) -> None:
    """With owner and mode: the server may run as another account, and refuses a folder others may read."""
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
