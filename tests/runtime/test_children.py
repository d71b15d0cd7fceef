"""Keeping one process alive, with small scripts in its place."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import sys
from pathlib import Path

import pytest

from puffling_site.runtime import children
from puffling_site.runtime.children import Child, Service
from puffling_site.runtime.journal import Journal
from puffling_site.runtime.process import Launch, RuntimeFault
from tests.runtime.processes import alive

FOREVER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {FOREVER}"


def make(code: str, tmp_path: Path, **options: object) -> tuple[Child, io.StringIO]:
    terminal = io.StringIO()
    launch = Launch(argv=[sys.executable, "-c", code], options={"start_new_session": True, "cwd": str(tmp_path)})
    service = Service(name="thing", launch=lambda: launch, **options)
    return Child(service, Journal(tmp_path / "log", terminal)), terminal


async def until(check: object, seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not check():
            await asyncio.sleep(0.02)


@pytest.mark.asyncio
async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    child, terminal = make(FOREVER, tmp_path)
    child.start()
    await until(lambda: "up" in terminal.getvalue())
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.starts == 2 and child.pid)
    assert "killed by SIGKILL" in terminal.getvalue()
    await child.stop()
    assert child.pid is None


@pytest.mark.asyncio
async def test_pauses_double_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(children, "LONGEST_PAUSE", 0.04)
    child, terminal = make("raise SystemExit(7)", tmp_path)
    child.start()
    await until(lambda: child.starts >= 5)
    await child.stop()
    said = [line.rsplit("again in ", 1)[1] for line in terminal.getvalue().splitlines() if "again in" in line]
    assert said[:4] == ["0.01 s", "0.02 s", "0.04 s", "0.04 s"]
    assert "exit code 7" in terminal.getvalue()


@pytest.mark.asyncio
async def test_a_long_life_starts_the_pauses_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(children, "HEALTHY_AFTER", 0.0)
    child, terminal = make("raise SystemExit(7)", tmp_path)
    child.start()
    await until(lambda: child.starts >= 4)
    await child.stop()
    assert "0.02 s" not in terminal.getvalue()


@pytest.mark.asyncio
async def test_a_process_that_will_not_end_is_killed_with_its_children(tmp_path: Path) -> None:
    code = (
        f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}]); print(p.pid); {STUBBORN}"
    )
    child, terminal = make(code, tmp_path, patience=0.3)
    child.start()
    await until(lambda: terminal.getvalue().count("up") == 2)
    grandchild = int(terminal.getvalue().splitlines()[0].split()[-1])
    pid = child.pid
    assert pid is not None
    assert alive(grandchild)
    await child.stop()
    await until(lambda: not alive(grandchild))
    assert not alive(pid)
    assert "does not end by itself" in terminal.getvalue()


@pytest.mark.asyncio
async def test_output_of_any_length_and_encoding_is_passed_on(tmp_path: Path) -> None:
    code = "import sys, time; sys.stdout.buffer.write(b'x' * 300000 + b'\\n\\xff end\\nno newline'); sys.stdout.flush()"
    child, terminal = make(code, tmp_path)
    child.start()
    await until(lambda: "no newline" in terminal.getvalue())
    await child.stop()
    assert "x" * 300000 in terminal.getvalue()
    assert "\ufffd end" in terminal.getvalue()


@pytest.mark.asyncio
async def test_a_process_that_cannot_start_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    child, _ = make("print('the reason', flush=True); raise SystemExit(1)", tmp_path, ready=lambda _pid: False)
    child.start()
    with pytest.raises(RuntimeFault, match=r"thing could not start:\n  the reason"):
        await child.wait_ready(5)
    await child.stop()


@pytest.mark.asyncio
async def test_a_process_that_is_never_ready_is_reported(tmp_path: Path) -> None:
    child, _ = make(FOREVER, tmp_path, ready=lambda _pid: False)
    child.start()
    with pytest.raises(RuntimeFault, match="not ready after"):
        await child.wait_ready(0.3)
    await child.stop()


@pytest.mark.asyncio
async def test_a_program_that_is_missing_is_tried_again_and_reported(tmp_path: Path) -> None:
    service = Service(name="thing", launch=lambda: Launch(argv=["/nonexistent"], options={}), ready=lambda _pid: True)
    terminal = io.StringIO()
    child = Child(service, Journal(tmp_path / "log", terminal))
    child.start()
    with pytest.raises(RuntimeFault, match="/nonexistent"):
        await child.wait_ready(5)
    await until(lambda: child.starts >= 2)
    assert "could not start" in terminal.getvalue()
    await child.stop()
