"""The embedded PostgreSQL, as a real server: every test starts and stops one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from puffling_site.runtime.postgres import Postgres
from puffling_site.runtime.process import RuntimeFault, free_port
from tests.runtime.processes import alive, mentioning, wait_for


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cluster, made once: initdb costs most of a second."""
    home = tmp_path_factory.mktemp("cluster") / "postgres"
    Postgres(home, port=0, password="app1", admin_password="admin1", durable=False).init()
    return home


@pytest.fixture
def server(cluster: Path) -> Iterator[Postgres]:
    postgres = Postgres(cluster, port=free_port(), password="app1", admin_password="admin1", durable=False)
    yield postgres
    postgres.stop()


def test_data_survives_a_restart(server: Postgres) -> None:
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (42)")
    server.stop()
    server.start()
    with psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


def test_the_settings_the_product_relies_on(server: Postgres) -> None:
    server.start()
    with psycopg.connect(server.url) as connection:
        found = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("timezone", "jit", "max_connections")}
        collation = connection.execute("SELECT datlocale, datlocprovider FROM pg_database LIMIT 1").fetchone()
    assert found == {"timezone": ("UTC",), "jit": ("off",), "max_connections": ("200",)}
    assert collation == ("C.UTF-8", "b")


def test_the_application_is_no_superuser_but_may_create_databases(server: Postgres) -> None:
    server.start()
    with psycopg.connect(server.url, autocommit=True) as connection:
        role = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
        connection.execute("CREATE DATABASE another")
        connection.execute("DROP DATABASE another")
    assert role == (False, True)


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_refused(server: Postgres, password: str) -> None:
    server.start()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url.replace("app1", password))


def test_no_password_in_a_command_line_or_left_in_a_file(server: Postgres) -> None:
    server.start()
    assert not mentioning("admin1")
    assert not mentioning("app1")
    assert not (server.home.path / "password").exists()


def test_the_server_never_runs_as_root(server: Postgres) -> None:
    server.start()
    assert server.process is not None
    assert Path(f"/proc/{server.process.pid}").stat().st_uid != 0


def test_a_new_password_takes_the_place_of_the_old(cluster: Path) -> None:
    for password in ("app2", "app1"):
        postgres = Postgres(cluster, port=free_port(), password=password, admin_password="admin1", durable=False)
        postgres.start()
        psycopg.connect(postgres.url).close()
        postgres.stop()


def test_a_cluster_of_another_version_is_refused_with_the_way_out(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "postgres", port=0, password="a", admin_password="b", durable=False)
    postgres.data.mkdir()
    (postgres.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(RuntimeFault, match=r"made by PostgreSQL 16.*Dump.*restore"):
        postgres.init()


def test_a_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    postgres = Postgres(tmp_path / "postgres", port=free_port(), password="a", admin_password="b", durable=False)
    (postgres.home.path / "data.new").mkdir()
    (postgres.home.path / "data.new" / "PG_VERSION").write_text("18\n")
    postgres.init()
    assert (postgres.data / "postgresql.conf").exists()


def test_a_taken_port_fails_at_once(server: Postgres, cluster: Path) -> None:
    server.start()
    second = Postgres(cluster.with_name("second"), port=server.port, password="a", admin_password="b", durable=False)
    second.init()
    with pytest.raises(RuntimeFault, match="PostgreSQL ended with code 1"):
        second.start()


def test_a_stale_pid_file_naming_a_living_stranger_does_not_stop_the_start(server: Postgres) -> None:
    """After a reboot the recorded id may belong to a process of the very same account, which PostgreSQL believes."""
    account = server.home.account.options() if server.home.account else {}
    stranger = subprocess.Popen(["sleep", "60"], cwd="/", **account)
    pid_file = server.data / "postmaster.pid"
    try:
        lines = [str(stranger.pid), str(server.data), "1700000000", str(server.port), "", "127.0.0.1", " 1 1", "ready"]
        pid_file.write_text("\n".join(lines) + "\n")
        server.start()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_left_by_a_killed_supervisor_is_ended_first(server: Postgres, cluster: Path) -> None:
    server.start()
    assert server.process is not None
    successor = Postgres(cluster, port=free_port(), password="app1", admin_password="admin1", durable=False)
    successor.start()
    assert server.process.wait(5) == 0
    successor.stop()


def test_recovers_from_a_kill_of_the_server(server: Postgres) -> None:
    server.start()
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    server.start()
    psycopg.connect(server.url).close()


def test_the_server_ends_with_the_process_that_started_it(cluster: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from puffling_site.runtime.postgres import Postgres;"
        f"p = Postgres(Path({str(cluster)!r}), port={free_port()}, password='app1', admin_password='admin1');"
        "p.start(); print(p.process.pid, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    server_pid = int(owner.stdout.readline())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert wait_for(lambda: not alive(server_pid))
    assert not (cluster / "data" / "postmaster.pid").exists(), "it was not shut down properly"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the server's account")
def test_root_can_keep_the_data_in_a_folder_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres = Postgres(closed / "postgres", port=free_port(), password="a", admin_password="b", durable=False)
    try:
        postgres.init()
        postgres.start()
        psycopg.connect(postgres.url).close()
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        postgres.stop()
