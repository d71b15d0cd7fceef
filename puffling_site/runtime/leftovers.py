"""Ending what a killed supervisor left behind, before its successor starts the same services again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

PATIENCE = 5.0  # seconds to end by themselves; the kernel has told them already


def marked_processes(data: Path) -> list[int]:
    """Return the ids of running processes started by a supervisor of this data folder (Linux only: reads /proc)."""
    mark = f"PUFFLING_SUPERVISED={data}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it ended, or it is not ours to look at
            continue
        if mark in environment and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def end_leftovers(data: Path) -> int:
    """End those processes; returns how many there were. Call only while holding the lock of the folder."""
    left = marked_processes(data)
    deadline = time.monotonic() + PATIENCE
    for process in left:
        _send(process, signal.SIGTERM)
    while (remaining := marked_processes(data)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for process in remaining:
        _send(process, signal.SIGKILL)
    return len(left)


def _send(process: int, sig: signal.Signals) -> None:
    try:
        os.kill(process, sig)
    except ProcessLookupError:
        return
