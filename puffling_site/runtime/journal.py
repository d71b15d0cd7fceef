"""One readable log of all processes: on the terminal with a coloured name, and in a file that is rotated."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TextIO

MAX_BYTES = 10_000_000
KEPT_FILES = 5
NAME_WIDTH = 14
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


class Journal:
    """Lines of many processes, each with time and name. Losing the terminal or the disk never stops a service."""

    def __init__(self, path: Path, terminal: TextIO = sys.stdout) -> None:
        self._path = path
        self._terminal: TextIO | None = terminal
        self._coloured = terminal.isatty() and "NO_COLOR" not in os.environ
        self._colours: dict[str, int] = {}
        self._file: TextIO | None = None

    def line(self, name: str, text: str) -> None:
        """Write one line of one process."""
        clock = datetime.now().astimezone()
        self._to_file(f"{clock.isoformat(timespec='milliseconds')} {name:<{NAME_WIDTH}} | {text}\n")
        shown = f"{clock:%H:%M:%S} {name:<{NAME_WIDTH}} |"
        if self._coloured:
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            shown = f"\x1b[{colour}m{shown}\x1b[0m"
        self.tell(f"{shown} {text}\n")

    def say(self, text: str) -> None:
        """Write a line of the supervisor itself."""
        self.line("puffling", text)

    def tell(self, text: str) -> None:
        """Write text to the terminal only."""
        if self._terminal is None:
            return
        try:
            self._terminal.write(text)
            self._terminal.flush()
        except OSError:  # the terminal is gone (closed window, `| head`); the file goes on
            self._terminal = None

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None

    def _to_file(self, text: str) -> None:
        try:
            if self._file is None:
                descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                self._file = os.fdopen(descriptor, "a", encoding="utf-8", errors="replace")
            self._file.write(text)
            self._file.flush()
            if self._file.tell() > MAX_BYTES:
                self._rotate()
        except OSError as error:
            self.tell(f"{self._path} cannot be written: {error}\n")

    def _rotate(self) -> None:
        self.close()
        for number in range(KEPT_FILES - 1, 0, -1):
            older = self._path.with_suffix(f".log.{number}")
            if older.exists():
                older.replace(self._path.with_suffix(f".log.{number + 1}"))
        self._path.replace(self._path.with_suffix(".log.1"))
