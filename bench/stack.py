"""Real worker processes for the benches that need them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from puffling_site.runtime.process import die_with_parent


class Workers:
    """Celery workers as `manage.py up` starts them: one on `ticks`, one with `trading` children on `trading`."""

    def __init__(self, *, ticks: int = 1, trading: int = 2) -> None:
        self.wanted = {"ticks": ticks, "trading": trading}
        self.children: list[subprocess.Popen[bytes]] = []
        self.log = Path(tempfile.mkstemp(prefix="puffling-bench-", suffix=".log")[1])

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            for queue, count in self.wanted.items():
                command = [sys.executable, "-m", "celery", "--quiet", "-A", "puffling_site", "worker", "-Q", queue]
                options = ["-c", str(count), "-n", f"{queue}@bench", "--without-mingle", "--without-gossip"]
                self.children.append(
                    subprocess.Popen(
                        [*command, *options],
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                        env={**os.environ, "REMAP_SIGTERM": "SIGQUIT"},
                        preexec_fn=die_with_parent(signal.SIGTERM),
                    )
                )
        self._wait()
        return self

    def _wait(self) -> None:
        from puffling_site.celery import app

        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            answers = app.control.inspect(timeout=1).ping() or {}
            if len(answers) == len(self.wanted):
                return
        raise RuntimeError(f"the workers did not answer within 60 s: {self.log.read_text()[-2000:]}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self.children:
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
        self.log.unlink(missing_ok=True)
