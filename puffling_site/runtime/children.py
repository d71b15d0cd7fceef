"""Keeping processes alive: start, read their output, restart with growing pauses, stop in bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from puffling_site.runtime.journal import Journal
from puffling_site.runtime.process import Launch, RuntimeFault

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a restart: doubling
HEALTHY_AFTER = 10.0  # a life this long starts the pauses over
OUTPUT_GRACE = 1.0  # seconds to read what a dead process left in its pipe


@dataclass(frozen=True, kw_only=True)
class Service:
    """One process to keep alive.

    `launch` is called for every start. `ready`, given the process id, says whether it answers. `patience` is how many
    seconds it has to end after each of `stop_signals` before it is killed, with everything it started.
    """

    name: str
    launch: Callable[[], Launch]
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    patience: float = 6.0
    ready: Callable[[int], bool] | None = None


class Child:
    """A service while we run it."""

    def __init__(self, service: Service, journal: Journal) -> None:
        self.service = service
        self.starts = 0
        self._journal = journal
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._on_change: Callable[[], None] = lambda: None
        self._tail: deque[str] = deque(maxlen=15)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    def start(self, on_change: Callable[[], None] = lambda: None) -> None:
        """Begin to keep the service alive; `on_change` is called when its process id has changed."""
        self._on_change = on_change
        self._task = asyncio.create_task(self._keep_alive(), name=self.service.name)

    async def wait_ready(self, seconds: float) -> None:
        """Return when the service answers; RuntimeFault with its last lines when it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not (self.pid and (self.service.ready is None or self.service.ready(self.pid))):
            if self.starts and self.pid is None:
                raise RuntimeFault(f"{self.service.name} could not start:\n  " + "\n  ".join(self._tail))
            if time.monotonic() > deadline:
                raise RuntimeFault(f"{self.service.name} was not ready after {seconds:.0f} s.")
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """End the service in bounded time."""
        self._stopping.set()
        process = self._process
        for sig in self.service.stop_signals:
            if process is None or process.returncode is not None:
                break
            process.send_signal(sig)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), self.service.patience)
        if process and process.returncode is None:
            self._journal.say(f"{self.service.name} does not end by itself; ending it")
        self.kill()
        if self._task:
            await asyncio.wait([self._task], timeout=OUTPUT_GRACE + 2)

    def kill(self) -> None:
        """Kill the process and what it started: each service is the leader of its own process group."""
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _keep_alive(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            how = await self._live_once()
            if self._stopping.is_set():
                return
            if time.monotonic() - began >= HEALTHY_AFTER:
                pause = FIRST_PAUSE
            self._journal.say(f"{self.service.name} ended ({how}); starting it again in {pause:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _live_once(self) -> str:
        """Run the process once; returns how it ended."""
        try:
            launch = await asyncio.to_thread(self.service.launch)
            if self._stopping.is_set():
                return "not started"
            self._process = process = await spawn(launch)
        except (RuntimeFault, OSError) as fault:
            self._tail.append(str(fault))
            return f"could not start: {fault}"
        finally:
            self.starts += 1
        self._on_change()
        reading = asyncio.create_task(self._read(process))
        code = await process.wait()
        self.kill()  # whatever it left behind holds ports and pipes
        await asyncio.wait([reading], timeout=OUTPUT_GRACE)
        reading.cancel()
        return describe_exit(code)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        async for text in lines(process.stdout):
            self._tail.append(text)
            if text.strip():
                self._journal.line(self.service.name, text)


async def spawn(launch: Launch) -> asyncio.subprocess.Process:
    """Start a process with its output in a pipe. Must run in the main thread: the death signal follows the thread."""
    return await asyncio.create_subprocess_exec(
        *launch.argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, **launch.options
    )


async def lines(stream: asyncio.StreamReader | None) -> AsyncIterator[str]:
    """Yield the lines of a stream, of any length, without the line end."""
    rest = b""
    while stream and (part := await stream.read(65536)):
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace").rstrip("\r")
    if rest:
        yield rest.decode(errors="replace")


def describe_exit(code: int) -> str:
    """Return an exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
