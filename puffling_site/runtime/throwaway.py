"""Throw-away PostgreSQL and Valkey in a temporary folder, for tests, benches and trying things."""

import fcntl
import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import IO, Self

from puffling_site.runtime.postgres import Postgres
from puffling_site.runtime.process import RuntimeFault, free_port
from puffling_site.runtime.valkey import Valkey

PREFIX = "puffling-throwaway-"


class ThrowAway:
    """Both servers on free ports, without durability; `stop` removes every trace of them.

    `shared_buffers` is PostgreSQL's ("128MB"); benches that hold a million rows want "512MB" or more.
    """

    def __init__(self, *, shared_buffers: str = "128MB", durable: bool = False) -> None:
        remove_abandoned()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.folder.chmod(0o755)  # the servers inside may run as another account
        self._owner = os.getpid()
        self._lock = _lock(self.folder)
        self._shared_buffers = shared_buffers
        self._durable = durable
        self._log: IO[bytes] = (self.folder / "servers.log").open("wb")
        self.postgres, self.valkey = self._servers()

    def _servers(self) -> tuple[Postgres, Valkey]:
        postgres = Postgres(
            self.folder / "postgres",
            port=free_port(),
            password=secrets.token_hex(12),
            admin_password=secrets.token_hex(12),
            shared_buffers=self._shared_buffers,
            durable=self._durable,
        )
        valkey = Valkey(self.folder / "valkey", port=free_port(), password=secrets.token_hex(12), durable=self._durable)
        return postgres, valkey

    def start(self) -> Self:
        """Start both servers; a port lost to another process between choosing and using is chosen again."""
        self.postgres.init()
        for server in (self.postgres, self.valkey):
            for attempt in (1, 2, 3):
                try:
                    server.start(self._log)
                    break
                except RuntimeFault as fault:
                    if attempt == 3:
                        log = (self.folder / "servers.log").read_text(errors="replace")
                        raise RuntimeFault(f"{fault}\n{log}") from fault
                    server.stop()
                    server.port = free_port()
        return self

    def environment(self) -> dict[str, str]:
        """Return the two variables that point Puffling at these servers."""
        return {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.valkey.url}

    def stop(self) -> None:
        """Stop both servers and remove the folder."""
        if os.getpid() != self._owner:  # a forked child that ends normally runs our exit hooks, too
            return
        self.valkey.stop()
        self.postgres.stop()
        self._log.close()
        os.close(self._lock)
        shutil.rmtree(self.folder, ignore_errors=True)


def _lock(folder: Path) -> int:
    """Mark a folder as in use for as long as this process lives; raises BlockingIOError when it is."""
    descriptor = os.open(folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def remove_abandoned() -> None:
    """Remove folders whose owner was killed; its servers were ended by the kernel, nobody holds the lock."""
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        try:
            if folder.stat().st_uid != os.geteuid() or not (folder / "lock").exists():
                continue  # somebody else's, or made this very moment
            descriptor = _lock(folder)
        except (BlockingIOError, FileNotFoundError):
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
