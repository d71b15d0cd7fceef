"""The merged log."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest

from puffling_site.runtime import journal
from puffling_site.runtime.journal import Journal


class ClosedTerminal(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_each_line_carries_time_and_name_on_both_outputs(tmp_path: Path) -> None:
    terminal = io.StringIO()
    log = Journal(tmp_path / "puffling.log", terminal)
    log.line("web", "hello")
    log.close()
    assert terminal.getvalue()[9:] == "web            | hello\n"
    assert (tmp_path / "puffling.log").read_text().endswith(" web            | hello\n")
    assert stat.S_IMODE((tmp_path / "puffling.log").stat().st_mode) == 0o600


def test_a_closed_terminal_does_not_stop_the_file(tmp_path: Path) -> None:
    log = Journal(tmp_path / "puffling.log", ClosedTerminal())
    log.line("web", "one")
    log.line("web", "two")
    assert len((tmp_path / "puffling.log").read_text().splitlines()) == 2


def test_a_file_that_cannot_be_written_does_not_stop_the_terminal(tmp_path: Path) -> None:
    terminal = io.StringIO()
    Journal(tmp_path / "missing" / "puffling.log", terminal).line("web", "hello")
    assert "hello" in terminal.getvalue()
    assert "cannot be written" in terminal.getvalue()


def test_a_large_file_is_rotated_and_old_ones_are_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_BYTES", 50)
    log = Journal(tmp_path / "puffling.log", io.StringIO())
    for number in range(9):
        log.line("web", f"line {number}")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"puffling.log.{number}" for number in range(1, 6)]
    assert "line 8" in (tmp_path / "puffling.log.1").read_text()
    assert "line 4" in (tmp_path / "puffling.log.5").read_text()
