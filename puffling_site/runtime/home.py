"""The private folder of one embedded server, and how a server under another account gets at it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from puffling_site.runtime.process import Account, RuntimeFault, account_for, can_reach, die_with_parent

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}


class Home:
    """A folder, mode 0700, owned by the account its server runs as (`account` is None: as ourselves)."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.account: Account | None = account_for(self.path)
        self._handle: int | None = None
        self.path.mkdir(parents=True, exist_ok=True)
        if self.account:
            os.chown(self.path, self.account.uid, self.account.gid)
        elif (owner := self.path.stat().st_uid) != os.geteuid():
            raise RuntimeFault(
                f"{self.path} belongs to user id {owner}, not to you ({os.geteuid()}). "
                "Start Puffling as that user, or choose another folder with PUFFLING_DATA_DIR."
            )
        self.path.chmod(0o700)

    def seen(self) -> str:
        """Return the folder as the server can open it.

        Under a closed folder (a clone in root's home) root opens the door and hands the open folder over,
        instead of opening that folder to everybody.
        """
        if self.account is None or can_reach(self.path, self.account):
            return str(self.path)
        if sys.platform != "linux":
            raise RuntimeFault(f"{self.account.name} cannot reach {self.path}; start Puffling as a normal user.")
        if self._handle is None:
            self._handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        return f"/proc/self/fd/{self._handle}"

    def options(self, death_signal: signal.Signals) -> dict[str, Any]:
        """Return the subprocess options for a server living here; it gets the signal when we die."""
        self.seen()
        return {
            "cwd": "/",
            "env": ENVIRONMENT,
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
            "preexec_fn": die_with_parent(death_signal),
            "pass_fds": () if self._handle is None else (self._handle,),
            **(self.account.options() if self.account else {}),
        }

    def close(self) -> None:
        """Let go of the folder."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def write_private(self, name: str, text: str) -> Path:
        """Write a file only the server's account can read; it appears whole or not at all."""
        path = self.path / name
        write_private(path, text, self.account)
        return path


def write_private(path: Path, text: str, account: Account | None = None) -> None:
    """Write a file, mode 0600, that appears whole or not at all."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)
    if account:
        os.chown(temporary, account.uid, account.gid)
    temporary.replace(path)
