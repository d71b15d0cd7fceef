"""Embedded PostgreSQL: one cluster in one folder, TCP on 127.0.0.1 with scram passwords, never as root."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from puffling_site.runtime import binaries
from puffling_site.runtime.home import ENVIRONMENT, Home
from puffling_site.runtime.process import Launch, RuntimeFault, stop, wait_until

ADMIN = "postgres"
ROLE = DATABASE = "puffling"
FORMER_SECONDS = 60.0
READY_SECONDS = 120.0  # crash recovery of a large cluster takes its time
SETTINGS = {
    "unix_socket_directories": "",  # socket paths are limited to 107 bytes, a clone may lie deeper
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # our queries are short; compiling them costs more than running them
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",  # this build has neither lz4 nor zstd
    "log_checkpoints": "off",
    "log_line_prefix": "",  # the supervisor adds time and name
}
THROW_AWAY_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def database_url(password: str, port: int) -> str:
    """Return the DATABASE_URL of an embedded server."""
    return f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}"


class Postgres:
    """One PostgreSQL cluster under `home`.

    `password` is that of the role and database `puffling` (owner, may create databases, no superuser);
    `admin_password` that of the superuser, which Puffling's processes never get. Passwords must be made of
    letters and digits. Raises RuntimeFault with a remedy.
    """

    def __init__(
        self,
        home: Path,
        *,
        port: int,
        password: str,
        admin_password: str,
        shared_buffers: str = "128MB",
        durable: bool = True,
    ) -> None:
        self.home = Home(home)
        self.port = port
        self.password = password
        self.admin_password = admin_password
        self.settings = SETTINGS | {"shared_buffers": shared_buffers} | ({} if durable else THROW_AWAY_SETTINGS)
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """The cluster itself; the folder around it is ours."""
        return self.home.path / "data"

    @property
    def url(self) -> str:
        """The DATABASE_URL of the application."""
        return database_url(self.password, self.port)

    def init(self) -> None:
        """Create the cluster unless there is one; a half-made one from an interrupted start is made anew."""
        if self.data.exists():
            self._refuse_other_version()
            return
        half, seen = self.home.path / "data.new", self.home.seen()
        if half.exists():
            shutil.rmtree(half)
        password_file = self.home.write_private("password", self.admin_password + "\n")
        argv = ["initdb", "-D", f"{seen}/data.new", "-U", ADMIN, f"--pwfile={seen}/password"]
        argv += ["--auth-local=scram-sha-256", "--auth-host=scram-sha-256", "-E", "UTF8", "--locale=C"]
        argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # the same order on every host
        argv += [] if self.durable else ["--no-sync"]
        launch = self._launch(argv)
        done = subprocess.run(launch.argv, capture_output=True, text=True, check=False, **launch.options)
        password_file.unlink()
        if done.returncode:
            raise RuntimeFault(f"initdb could not create {self.data}: {done.stderr.strip() or done.stdout.strip()}")
        half.rename(self.data)

    def launch(self) -> Launch:
        """Return how to run the server, after clearing what a crash left behind."""
        self.settle()
        argv = ["postgres", "-D", f"{self.home.seen()}/data", "-h", "127.0.0.1", "-p", str(self.port)]
        for name, value in self.settings.items():
            argv += ["-c", f"{name}={value}"]
        return self._launch(argv)

    def start(self, log: IO[bytes] | int = subprocess.DEVNULL) -> None:
        """Start the server and return when it accepts connections; the role and database exist then."""
        launch = self.launch()
        self.process = subprocess.Popen(launch.argv, stdout=log, stderr=log, **launch.options)
        process = self.process
        wait_until(lambda: self.is_ready(process.pid), process=process, what="PostgreSQL", seconds=READY_SECONDS)
        self.create_database()

    def is_ready(self, pid: int) -> bool:
        """Whether the server with this process id accepts connections (what pg_ctl looks at, too)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"

    def create_database(self) -> None:
        """Create the role and its database, or set the role's password to the current one."""
        admin = make_conninfo(
            host="127.0.0.1", port=self.port, user=ADMIN, password=self.admin_password, dbname="postgres"
        )
        with psycopg.connect(admin, autocommit=True, connect_timeout=10) as connection:
            role, password = sql.Identifier(ROLE), sql.Literal(self.password)
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone()
            verb = sql.SQL("ALTER" if known else "CREATE")
            connection.execute(sql.SQL("{} ROLE {} LOGIN CREATEDB PASSWORD {}").format(verb, role, password))
            # Checkpoints and statistics are for benches and `doctor`; neither lets the role read other data.
            connection.execute(sql.SQL("GRANT pg_checkpoint, pg_monitor TO {}").format(role))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), role))

    def stop(self, seconds: float = 30.0) -> None:
        """Stop: fast shutdown first, immediate shutdown when that takes longer than `seconds`."""
        if self.process:
            stop(self.process, (signal.SIGINT, signal.SIGQUIT), seconds)
        self.home.close()

    def _launch(self, argv: list[str]) -> Launch:
        folder = binaries.postgres_folder(self.home.account)
        # SIGINT is PostgreSQL's fast shutdown
        return Launch(argv=[str(folder / argv[0]), *argv[1:]], options=self.home.options(signal.SIGINT))

    def _refuse_other_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        binary = binaries.postgres_folder(self.home.account) / "postgres"
        output = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True, env=ENVIRONMENT)
        match = re.search(r"(\d+)\.", output.stdout)
        if match is None or match[1] != found:
            raise RuntimeFault(
                f"{self.data} was made by PostgreSQL {found}, but the installed one is "
                f"{output.stdout.strip()}. "
                "Dump the data with the version it was made with, restore it into a new folder (PUFFLING_DATA_DIR) "
                "with this one: docs/operations.md, 'Another PostgreSQL'."
            )

    def settle(self) -> None:
        """Deal with the postmaster.pid of an earlier life before PostgreSQL sees it.

        After a crash or reboot the recorded process id may belong to anybody, and PostgreSQL would refuse to
        start. If it is not a server, our own id is written instead: PostgreSQL takes its parent's id for
        stale, and still checks the shared memory of surviving backends, which deleting the file would skip.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            return
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
        deadline = time.monotonic() + FORMER_SECONDS
        while pid and self._is_our_server(pid):
            # The server of a supervisor that was killed: the kernel told it to stop, it may still be writing.
            os.kill(pid, signal.SIGINT)
            if time.monotonic() > deadline:
                raise RuntimeFault(f"The PostgreSQL server with process id {pid} still uses {self.data}; stop it.")
            time.sleep(0.2)
        if pid and pid_file.exists():
            lines[0] = str(os.getpid())
            pid_file.write_text("\n".join(lines) + "\n")

    def _is_our_server(self, pid: int) -> bool:
        """Whether a running process is a server of this cluster: every server sits in its data folder."""
        if sys.platform == "linux":
            try:
                return Path(f"/proc/{pid}/cwd").resolve(strict=True) == self.data.resolve()
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                return False
        done = subprocess.run(["ps", "-o", "comm=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return "postgres" in done.stdout
