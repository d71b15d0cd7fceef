"""The supervisor with real servers and stand-ins for Django's processes (see stand_in.py)."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from puffling_site.runtime.environment import BASE
from puffling_site.runtime.leftovers import marked_processes
from puffling_site.runtime.process import free_port
from tests.runtime.processes import alive, mentioning, wait_for

OURS = ("PUFFLING_", "DATABASE_URL", "REDIS_URL", "FLOWER_")


class Up:
    """One supervisor as a process of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.output = data.parent / f"{data.name}.out"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str, pipe: bool = False, **environment: str) -> subprocess.Popen[bytes]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        command = [sys.executable, "-m", "tests.runtime.stand_in", "--port", str(self.port), *arguments]
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=BASE,
                env=clean | {"PUFFLING_DATA_DIR": str(self.data), **environment},
                stdout=subprocess.PIPE if pipe else output,
                stderr=output,
                start_new_session=True,
            )
        return self.process

    def ready(self) -> Up:
        assert wait_for(lambda: "Puffling is ready" in self.said or self.ended, 40), self.said
        assert not self.ended, self.said
        return self

    @property
    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")

    @property
    def services(self) -> dict[str, int]:
        return dict(json.loads((self.data / "running.json").read_text())["services"])

    def database(self) -> str:
        secrets = json.loads((self.data / "secrets.json").read_text())
        port = json.loads((self.data / "ports.json").read_text())["postgres"]
        return f"postgresql://puffling:{secrets['postgres_password']}@127.0.0.1:{port}/puffling"

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after one whole life: the other tests start from it, as most starts do."""
    up = Up(tmp_path_factory.mktemp("made") / "data")
    up.start()
    up.ready()
    assert up.stop() == 0
    return up.data


@pytest.fixture
def up(made: Path) -> Iterator[Up]:
    result = Up(made)
    yield result
    if result.process:
        result.stop()
    assert wait_for(lambda: not mentioning(str(made))), "processes were left behind"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One that runs beside the others, for the tests that only look."""
    up = Up(tmp_path_factory.mktemp("running") / "data")
    up.start()
    up.ready()
    assert wait_for(lambda: len(up.services) == 9)
    yield up
    up.stop()


def test_prints_the_address_and_leaves_the_login_for_scripts(running: Up) -> None:
    assert f"Puffling is ready: http://127.0.0.1:{running.port}/\n" in running.said
    assert f"Log in once with:  http://127.0.0.1:{running.port}/login/link/abc/" in running.said
    facts = dict(line.split("=", 1) for line in (running.data / "demo.env").read_text().splitlines())
    assert facts["PUFFLING_URL"] == f"http://127.0.0.1:{running.port}/"
    assert facts["PUFFLING_USER"] == "demo"
    assert facts["PUFFLING_PASSWORD"] not in running.said
    assert stat.S_IMODE((running.data / "demo.env").stat().st_mode) == 0o600


def test_starts_everything_there_is_and_says_what_is_not(running: Up) -> None:
    wanted = {"postgres", "valkey", "web", "worker-ticks", "worker-trading", "worker-jobs", "feed", "beat", "flower"}
    assert wait_for(lambda: set(running.services) == wanted)
    assert "sweep is left out" in running.said


def test_interrupt_stops_everything_and_keeps_the_data(up: Up) -> None:
    up.start()
    up.ready()
    with psycopg.connect(up.database(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (42)")
    pids = [pid for pid in up.services.values() if pid]
    assert up.stop(signal.SIGINT) == 0
    assert not any(alive(pid) for pid in pids)
    up.start()
    up.ready()
    with psycopg.connect(up.database()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


def test_a_kill_of_the_supervisor_leaves_nothing_and_the_next_start_works(up: Up) -> None:
    up.start()
    up.ready()
    assert wait_for(lambda: len([pid for pid in up.services.values() if pid]) == 9)
    pids = list(up.services.values())
    up.stop(signal.SIGKILL)
    assert wait_for(lambda: not any(alive(pid) for pid in pids))
    up.start()
    up.ready()


def test_what_survives_a_killed_supervisor_is_ended_by_the_next(up: Up) -> None:
    environment = os.environ | {"PUFFLING_SUPERVISED": str(up.data)}
    survivor = subprocess.Popen(["sleep", "60"], env=environment)
    assert wait_for(lambda: marked_processes(up.data) == [survivor.pid])
    up.start()
    up.ready()
    assert survivor.wait(5) == -signal.SIGTERM


def test_a_second_supervisor_on_the_same_folder_is_refused(running: Up) -> None:
    second = Up(running.data)
    second.output = running.data.parent / "second.out"
    assert second.start().wait(20) == 3
    assert f"already running on {running.data}" in second.said
    assert f"http://127.0.0.1:{running.port}/" in second.said
    assert not running.ended


def test_taken_ports_are_avoided(up: Up) -> None:
    known = json.loads((up.data / "ports.json").read_text())
    with socket.socket() as web, socket.socket() as database:
        for taken in (web, database):
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        web.bind(("127.0.0.1", up.port))
        database.bind(("127.0.0.1", known["postgres"]))
        web.listen()
        database.listen()
        up.start()
        up.ready()
        url = json.loads((up.data / "running.json").read_text())["url"]
        assert url != f"http://127.0.0.1:{up.port}/"
        assert urllib.request.urlopen(url, timeout=5).read() == b"page"
        assert json.loads((up.data / "ports.json").read_text())["postgres"] != known["postgres"]


def test_a_killed_child_and_a_killed_database_come_back(up: Up) -> None:
    up.start()
    up.ready()
    before = up.services
    for name in ("web", "postgres"):
        os.kill(before[name], signal.SIGKILL)
    assert wait_for(lambda: all(up.services[n] not in (None, before[n]) for n in ("web", "postgres")), 30), up.said
    assert wait_for(lambda: _answers(up.database()))


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_failed_preparation_stops_the_start_with_its_reason(up: Up) -> None:
    assert up.start(STAND_IN_FAIL="prepare").wait(30) == 1
    assert "the migration of chapter one is broken" in up.said
    assert "preparing the database failed" in up.said


def test_stops_in_the_middle_of_starting(up: Up) -> None:
    up.start()
    assert wait_for(lambda: "postgres" in up.said)
    assert up.stop(signal.SIGINT) == 0


def test_only_and_without_choose_services(up: Up) -> None:
    up.start("--only", "web,feed,workers", "--without", "worker-jobs", "--no-demo", "--feeds", "demo,alpaca")
    up.ready()
    wanted = {"postgres", "valkey", "web", "worker-ticks", "worker-trading", "feed", "feed-alpaca"}
    assert wait_for(lambda: set(up.services) == wanted), up.services


def test_an_unknown_service_is_refused_with_the_list(up: Up) -> None:
    assert up.start("--only", "wev").wait(20) == 1
    assert "no service 'wev'" in up.said
    assert "worker-ticks" in up.said


def test_servers_of_ones_own_replace_the_embedded_ones(tmp_path: Path) -> None:
    """The servers of this test run stand for a database and a Redis that exist already."""
    up = Up(tmp_path / "data")
    up.start("--only", "web", DATABASE_URL=os.environ["DATABASE_URL"], REDIS_URL=os.environ["REDIS_URL"])
    up.ready()
    assert set(up.services) == {"web"}
    assert not (up.data / "postgres").exists()
    assert up.stop() == 0


def test_the_supervisor_runs_without_django() -> None:
    """It starts before a database exists, and stays small: it lives as long as everything else together."""
    code = (
        "import sys, puffling_site.runtime.__main__; sys.exit(any(name.startswith('django') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=BASE, check=False).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="the servers of a normal user run as that user")
def test_under_root_the_servers_run_unprivileged(running: Up) -> None:
    assert Path(f"/proc/{running.services['postgres']}").stat().st_uid != 0
    assert Path(f"/proc/{running.services['valkey']}").stat().st_uid != 0


def test_no_secret_is_in_a_command_line(running: Up) -> None:
    assert wait_for(lambda: "flower" in running.services)
    for value in json.loads((running.data / "secrets.json").read_text()).values():
        assert not mentioning(value)


def test_losing_the_terminal_does_not_stop_it(up: Up) -> None:
    """`make run | head` ends the reader; services are kept alive all the same, and the file goes on."""
    process = up.start(pipe=True)
    assert process.stdout is not None
    while b"Puffling is ready" not in process.stdout.readline():
        assert process.poll() is None
    process.stdout.close()
    before = up.services["web"]
    os.kill(before, signal.SIGKILL)
    assert wait_for(lambda: up.services["web"] not in (None, before))
    assert "web ended (killed by SIGKILL)" in (up.data / "logs" / "puffling.log").read_text()


def test_killing_make_ends_everything(up: Up) -> None:
    """The `make run` recipe asks for it; the kernel sends SIGTERM when make dies."""
    code = (
        "import os, subprocess, sys; subprocess.run([sys.executable, '-m', 'tests.runtime.stand_in', '--only', 'web'])"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment = clean | {"PUFFLING_DATA_DIR": str(up.data), "PUFFLING_END_WITH_PARENT": "1"}
    with up.output.open("wb") as output:
        parent = subprocess.Popen([sys.executable, "-c", code], cwd=BASE, env=environment, stdout=output)
    up.process = parent
    up.ready()
    parent.kill()
    parent.wait()
    assert wait_for(lambda: "stopped; the data is kept" in up.said), up.said
