"""Resident memory of every process of a running Puffling: idle, and after a market moved for a while."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def run(*, quick: bool) -> list[dict[str, Any]]:
    data = tempfile.mkdtemp(prefix="puffling-footprint-")
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL", "PUFFLING_ENV")}
    environment.update(PUFFLING_DATA_DIR=data, PUFFLING_PORT="18973")
    began = time.monotonic()
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "puffling_site.runtime"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert supervisor.stdout is not None
        for line in supervisor.stdout:
            if "Puffling is ready" in line:
                break
        first = time.monotonic() - began
        time.sleep(5)
        idle = dict(sizes(supervisor.pid))
        time.sleep(10 if quick else 60)
        rows = [
            {"process": name, "idle MB": idle.get(name), "after load MB": size} for name, size in sizes(supervisor.pid)
        ]
        total = {
            "process": "all (PSS)",
            "idle MB": sum(idle.values()),
            "after load MB": sum(r["after load MB"] for r in rows),
        }
        return [*rows, total, {"process": f"first start {first:.1f} s"}]
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(60)


def sizes(parent: int) -> list[tuple[str, int]]:
    """(name, PSS in MB) of every descendant, numbered where several have one name."""
    found: dict[str, int] = {}
    for pid in descendants(parent):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        pss = re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)
        if pss is None:
            continue
        name = label(command)
        if name.startswith("postgres"):
            found["postgres (all)"] = found.get("postgres (all)", 0) + int(pss[1]) // 1024
            continue
        number = 2
        unique = name
        while unique in found:
            unique, number = f"{name} #{number}", number + 1
        found[unique] = int(pss[1]) // 1024
    return sorted(found.items())


def descendants(parent: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    waiting, found = [parent], []
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def label(command: str) -> str:
    if "postgres" in command and "puffling_site" not in command:
        return "postgres"
    for word, name in (("valkey", "valkey"), ("uvicorn", "web"), ("flower", "flower"), (" beat", "beat")):
        if word in command:
            return name
    if queue := re.search(r"worker.* -Q (\S+)", command):
        return f"worker {queue[1]}"
    if tool := re.search(r"manage\.py (\w+)", command):
        return tool[1]
    return "supervisor" if "puffling_site.runtime" in command else command[:30]
