"""What the supervisor keeps between starts: secrets, ports, who is running. All of it in the data folder."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from puffling_site.runtime.home import write_private
from puffling_site.runtime.process import RuntimeFault, free_port, port_is_free

PORT_PATIENCE = 3.0  # seconds a server of a killed supervisor gets to free the port we remember
FIRST_PORT, LAST_PORT = 20_000, 30_000  # below the range the kernel hands out to outgoing connections


class AlreadyRunning(RuntimeFault):
    """Another supervisor works on this data folder."""


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Everything secret of one installation; made once. `field_keys`: urlsafe base64, 32 bytes each, newest first."""

    secret_key: str
    jwt_key: str
    field_keys: str
    postgres_password: str
    postgres_admin_password: str
    valkey_password: str
    flower_password: str
    demo_password: str


def _field_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


MAKERS: dict[str, Callable[[], str]] = {
    "secret_key": lambda: secrets.token_urlsafe(50),
    "jwt_key": lambda: secrets.token_urlsafe(50),
    "field_keys": _field_key,
    "demo_password": lambda: secrets.token_urlsafe(12),
}


class DataFolder:
    """The folder `.puffling` (or PUFFLING_DATA_DIR) of one installation."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # Root's servers run as another account and must get through; the secrets inside stay closed.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            (self.path / "logs").mkdir(exist_ok=True)
        except OSError as error:
            raise RuntimeFault(
                f"The data folder {self.path} cannot be used ({error}). Choose another with PUFFLING_DATA_DIR."
            ) from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one supervisor; raises AlreadyRunning. The kernel lets go when we die."""
        descriptor = os.open(self.path / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = self.running()
            where = f" at {running['url']}" if running.get("url") else ""
            raise AlreadyRunning(
                f"Puffling is already running on {self.path} (process {running.get('pid', 'unknown')}{where}). "
                "Stop it first, or give this one its own folder with PUFFLING_DATA_DIR."
            ) from None
        else:
            try:
                yield
            finally:
                (self.path / "running.json").unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    def secrets(self) -> Secrets:
        """Return the secrets, making those that are missing."""
        path = self.path / "secrets.json"
        known = _read_json(path)
        if not known and (self.path / "postgres" / "data").exists():
            raise RuntimeFault(
                f"{path} is missing or empty, but there is a database that needs its passwords and keys. Put the file "
                f"back from your backup, or move {self.path} away to start anew."
            )
        names = [field.name for field in fields(Secrets)]
        found = Secrets(**{name: known.get(name) or MAKERS.get(name, secrets.token_hex)() for name in names})
        if asdict(found) != known:
            write_private(path, json.dumps(asdict(found), indent=2) + "\n")
        return found

    def port(self, name: str, preferred: int = 0) -> int:
        """Return the port of a server: the one it had, unless somebody else took it meanwhile."""
        path = self.path / "ports.json"
        known = _read_json(path)
        start = known.get(name) or preferred or random.randint(FIRST_PORT, LAST_PORT)
        deadline = time.monotonic() + PORT_PATIENCE
        while name in known and not port_is_free(start) and time.monotonic() < deadline:
            time.sleep(0.1)
        port = free_port(start)
        if known.get(name) != port:
            write_private(path, json.dumps({**known, name: port}) + "\n")
        return port

    def running(self) -> dict[str, Any]:
        """Return what the running supervisor last said about itself: pid, url, services with their pids."""
        return _read_json(self.path / "running.json")

    def note_running(self, **facts: Any) -> None:
        """Tell other commands (doctor, a second `up`) about this supervisor."""
        write_private(self.path / "running.json", json.dumps({"pid": os.getpid(), **facts}) + "\n")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text() or "{}")
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        raise RuntimeFault(f"{path} is damaged ({error}). Put it back from your backup.") from error
    return content if isinstance(content, dict) else {}
