"""The servers of tests and benches: gone without a trace, however their owner ends."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import psycopg
import pytest

from puffling_site.runtime.environment import BASE
from puffling_site.runtime.throwaway import PREFIX, ThrowAway, remove_abandoned
from tests.runtime.processes import mentioning, wait_for

DEVSERVERS = [sys.executable, "-m", "puffling_site.runtime.devservers"]


def test_both_servers_work_and_leave_nothing() -> None:
    servers = ThrowAway(shared_buffers="32MB").start()
    folder = servers.folder
    with psycopg.connect(servers.environment()["DATABASE_URL"]) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("off",)
        assert connection.execute("SHOW shared_buffers").fetchone() == ("32MB",)
    servers.stop()
    assert not folder.exists()
    assert not mentioning(folder.name)


def test_a_forked_child_that_ends_does_not_take_the_servers_with_it() -> None:
    servers = ThrowAway().start()
    try:
        if (child := os.fork()) == 0:
            servers.stop()
            os._exit(0)
        os.waitpid(child, 0)
        psycopg.connect(servers.environment()["DATABASE_URL"]).close()
    finally:
        servers.stop()


def test_devservers_print_their_addresses_and_end_on_a_signal() -> None:
    process = subprocess.Popen(DEVSERVERS, cwd=BASE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    names = [process.stdout.readline().partition("=")[0] for _ in range(2)]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert names == ["DATABASE_URL", "REDIS_URL"]


def test_a_killed_owner_leaves_no_process_and_the_next_start_removes_its_folder() -> None:
    process = subprocess.Popen(DEVSERVERS, cwd=BASE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    owned = [
        folder
        for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*")
        if any(folder.name in Path(f"/proc/{child}/cmdline").read_text() for child in _children(process.pid))
    ]
    process.kill()
    process.wait()
    assert len(owned) == 1
    assert wait_for(lambda: not mentioning(owned[0].name))
    remove_abandoned()
    assert not owned[0].exists()


def _children(pid: int) -> list[int]:
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as a normal user already")
def test_works_for_a_normal_user() -> None:
    """Root starts a Python as `nobody`; the code must be readable for it (not under root's home)."""
    account = pwd.getpwnam("nobody")
    as_nobody = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PYTHONPATH"] = f"{BASE}:{sysconfig.get_path('purelib')}"
    python = next((p for p in (sys.executable, "/usr/bin/python3") if _runs(p, environment, as_nobody)), None)
    if python is None:
        pytest.skip("no Python here that another account can run with our packages")
    code = (
        "import os, psycopg; from puffling_site.runtime.throwaway import ThrowAway; t = ThrowAway().start();"
        "psycopg.connect(t.environment()['DATABASE_URL']).close(); t.stop(); print(os.geteuid(), t.folder.exists())"
    )
    done = subprocess.run(
        [python, "-c", code], env=environment, capture_output=True, text=True, check=False, **as_nobody
    )
    assert done.stdout.split() == [str(account.pw_uid), "False"], done.stderr


def _runs(python: str, environment: dict[str, str], options: dict[str, object]) -> bool:
    try:
        command = [python, "-c", "import psycopg, puffling_site.runtime.throwaway"]
        return subprocess.run(command, env=environment, capture_output=True, check=False, **options).returncode == 0
    except OSError:
        return False
