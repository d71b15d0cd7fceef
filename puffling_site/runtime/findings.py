"""What `manage.py doctor` can say about a machine without Django: Python, packages, binaries, disk, data folder."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from puffling_site.runtime import binaries
from puffling_site.runtime.environment import BASE
from puffling_site.runtime.process import RuntimeFault, account_for

OK, WARNING, FAILED, SKIPPED = "ok", "warning", "failed", "skipped"
LEAST_DISK, ENOUGH_DISK = 200_000_000, 1_000_000_000  # bytes


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The outcome of one check; `remedy` says what to do when it is not ok."""

    check: str
    state: str
    detail: str
    remedy: str = ""


def machine(data: Path) -> Iterator[Finding]:
    """Yield the findings that need neither servers nor settings."""
    yield python()
    yield packages()
    yield from servers(data)
    yield disk(data)
    yield private_files(data)


def python() -> Finding:
    """The version of Python."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(check="python", state=OK, detail=f"{version} at {sys.executable}")


def packages() -> Finding:
    """Whether the packages are those of the lock file."""
    lines = (BASE / "requirements.lock").read_text().splitlines()
    pinned = [Requirement(line.rstrip("\\ ")) for line in lines if re.match(r"[\w.-]+(\[.*\])?==", line)]
    wanted = [pin for pin in pinned if pin.marker is None or pin.marker.evaluate()]
    found = {pin.name: _version(pin.name) for pin in wanted}
    wrong = [
        f"{pin.name} {found[pin.name] or 'missing'} instead of {pin.specifier}"
        for pin in wanted
        if not pin.specifier.contains(found[pin.name] or "0", prereleases=True)
    ]
    if wrong:
        remedy = "Run `make run` again; it installs requirements.lock"
        return Finding(check="packages", state=FAILED, detail=", ".join(wrong[:5]), remedy=remedy)
    return Finding(check="packages", state=OK, detail=f"{len(wanted)} as locked")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def servers(data: Path) -> Iterator[Finding]:
    """Whether the embedded servers' programs run on this machine, as the account they would run as."""
    try:
        account = account_for(data / "postgres")
        programs = (binaries.postgres_folder(account) / "postgres", binaries.valkey_server(account))
    except RuntimeFault as fault:
        yield Finding(check="server programs", state=FAILED, detail=str(fault), remedy="Set DATABASE_URL and REDIS_URL")
        return
    for program in programs:
        try:
            done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            remedy = "Use servers of your own: set DATABASE_URL and REDIS_URL"
            yield Finding(check=program.name, state=FAILED, detail=f"does not run: {error}", remedy=remedy)
        else:
            yield Finding(check=program.name, state=OK, detail=done.stdout.strip())


def disk(data: Path) -> Finding:
    """Room on the disk of the data folder."""
    folder = next(path for path in (data, *data.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    state = FAILED if free < LEAST_DISK else WARNING if free < ENOUGH_DISK else OK
    return Finding(
        check="disk",
        state=state,
        detail=f"{free / 1e9:.1f} GB free at {folder}",
        remedy=""
        if state == OK
        else "Free some room, or move the data folder (PUFFLING_DATA_DIR): a full disk stops PostgreSQL",
    )


def private_files(data: Path) -> Finding:
    """Whether the secrets are readable by their owner only, and by us."""
    path = data / "secrets.json"
    if "PUFFLING_SECRET_KEY" in os.environ and not path.exists():
        return Finding(check="secrets", state=OK, detail="given by the environment")
    if not path.exists():
        return Finding(check="secrets", state=SKIPPED, detail=f"{path} will be made by the first `make run`")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(check="secrets", state=FAILED, detail=f"{path} has mode {mode:o}", remedy=f"chmod 600 {path}")
    if not os.access(path, os.R_OK):
        return Finding(check="secrets", state=FAILED, detail=f"{path} is not yours", remedy="Run as its owner")
    return Finding(check="secrets", state=OK, detail=f"{path}, mode 600")
