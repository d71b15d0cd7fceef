"""Embedded Valkey (Redis-compatible): TCP on 127.0.0.1 with a password, append-only file, no eviction."""

import signal
import socket
import subprocess
from pathlib import Path
from typing import IO

from puffling_site.runtime import binaries
from puffling_site.runtime.home import Home
from puffling_site.runtime.process import Launch, stop, wait_until

READY_SECONDS = 30.0
CONFIG = """\
bind 127.0.0.1
port {port}
dir "{folder}"
requirepass {password}
appendonly {appendonly}
appendfsync everysec
save ""
maxmemory {maxmemory}
maxmemory-policy noeviction
daemonize no
loglevel warning
"""


def redis_url(password: str, port: int) -> str:
    """Return the REDIS_URL of an embedded server (database 0)."""
    return f"redis://:{password}@127.0.0.1:{port}/0"


class Valkey:
    """One Valkey server whose files are under `home`. `password` must be made of letters and digits."""

    def __init__(self, home: Path, *, port: int, password: str, maxmemory: str = "256mb", durable: bool = True) -> None:
        self.home = Home(home)
        self.port = port
        self.password = password
        self.maxmemory = maxmemory
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The REDIS_URL of the application (database 0)."""
        return redis_url(self.password, self.port)

    def launch(self) -> Launch:
        """Write the configuration (the password never appears in a command line) and return how to run it."""
        folder = self.home.seen()
        text = CONFIG.format(
            port=self.port,
            folder=folder,
            password=self.password,
            appendonly="yes" if self.durable else "no",
            maxmemory=self.maxmemory,
        )
        self.home.write_private("valkey.conf", text)
        server = binaries.valkey_server(self.home.account)
        return Launch(argv=[str(server), f"{folder}/valkey.conf"], options=self.home.options(signal.SIGTERM))

    def start(self, log: IO[bytes] | int = subprocess.DEVNULL) -> None:
        """Start the server and return when it answers."""
        launch = self.launch()
        self.process = subprocess.Popen(launch.argv, stdout=log, stderr=log, **launch.options)
        wait_until(self.is_ready, process=self.process, what="Valkey", seconds=READY_SECONDS)

    def is_ready(self) -> bool:
        """Whether the server answers PING to our password (also false while it loads its file)."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(256)):
                    answer += part
        except OSError:
            return False
        return answer.startswith(b"+OK\r\n+PONG")

    def stop(self, seconds: float = 10.0) -> None:
        """Stop after the append-only file is written."""
        if self.process:
            stop(self.process, (signal.SIGTERM,), seconds)
        self.home.close()
