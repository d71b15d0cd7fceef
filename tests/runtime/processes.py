"""Looking at processes, for tests that start real ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def wait_for(check: Callable[[], object], seconds: float = 15.0) -> bool:
    """Whether `check` became true in time."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def mentioning(text: str) -> list[int]:
    """The processes whose command line or folder mentions the text (zombies have neither)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            place = str((folder / "cwd").readlink())
        except OSError:
            continue
        if text in command or text in place:
            found.append(int(folder.name))
    return found


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
