"""How the runtime starts processes: who they run as, how they die, which port they get."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


class RuntimeFault(RuntimeError):
    """Something the person at the terminal can act on; the message says what and how."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """An unprivileged account of this machine that servers run as when we are root."""

    name: str
    uid: int
    gid: int

    def options(self) -> dict[str, Any]:
        """Keyword arguments for subprocess that switch to this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@dataclass(frozen=True, kw_only=True)
class Launch:
    """A command line and the subprocess options it needs (account, environment, death signal)."""

    argv: list[str]
    options: dict[str, Any]


def account_for(directory: Path) -> Account | None:
    """Return the account that servers keeping their data in `directory` run as; None: as ourselves.

    Only root switches: to the owner of an existing directory (data made earlier by a normal user stays
    readable for that user), otherwise to `postgres` or `nobody`. PostgreSQL refuses to run as root.
    """
    if os.geteuid() != 0:
        return None
    if directory.exists() and (owner := directory.stat().st_uid) != 0:
        entry = pwd.getpwuid(owner)
        return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise RuntimeFault(
        "Running as root, but this machine has no account 'postgres' or 'nobody' to run PostgreSQL as. "
        "Create one (useradd --system postgres) or start Puffling as a normal user."
    )


def can_reach(path: Path, account: Account) -> bool:
    """Whether every folder on the way to `path` lets the account through (permission bits, no ACLs)."""
    for folder in path.absolute().parents:
        status = folder.stat()
        owner = status.st_uid == account.uid and status.st_mode & 0o100
        group = status.st_gid == account.gid and status.st_mode & 0o010
        if not (owner or group or status.st_mode & 0o001):
            return False
    return True


def die_with_parent(sig: signal.Signals) -> Callable[[], None] | None:
    """Return a preexec_fn that makes the kernel send `sig` to the child when its parent dies.

    The parent is the *thread* that starts the child: start children from a thread that lives as long as
    they should. Only Linux has this; elsewhere None is returned.
    """
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(sig))
        if os.getppid() != parent:  # the parent died before we could ask
            os.kill(os.getpid(), sig)

    return ask_kernel


def end_with_parent(sig: signal.Signals) -> None:
    """Ask for `sig` when the process that started us dies (Linux only; elsewhere nothing happens)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(sig))


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(preferred: int = 0, host: str = "127.0.0.1", tries: int = 100) -> int:
    """Return `preferred` or the next free port above it; 0 lets the kernel choose."""
    if preferred:
        for port in range(preferred, min(preferred + tries, 65536)):
            if port_is_free(port, host):
                return port
        raise RuntimeFault(f"No free port between {preferred} and {preferred + tries - 1} on {host}.")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def wait_until(check: Callable[[], bool], *, process: subprocess.Popen[bytes], what: str, seconds: float) -> None:
    """Poll `check` until it is true; RuntimeFault when the process ends first or the time is over."""
    deadline = time.monotonic() + seconds
    while not check():
        if process.poll() is not None:
            raise RuntimeFault(f"{what} ended with code {process.returncode} before it was ready; see its log.")
        if time.monotonic() > deadline:
            raise RuntimeFault(f"{what} was not ready after {seconds:.0f} s; see its log.")
        time.sleep(0.02)


def stop(process: subprocess.Popen[bytes], signals: tuple[signal.Signals, ...], seconds: float) -> None:
    """Send each signal in turn, waiting `seconds` for the end after each; SIGKILL is the last resort."""
    for sig in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(sig)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
