"""What the supervisor remembers between starts."""

from __future__ import annotations

import base64
import json
import socket
import stat
from pathlib import Path

import pytest

from puffling_site.runtime import state
from puffling_site.runtime.process import RuntimeFault
from puffling_site.runtime.state import AlreadyRunning, DataFolder


def test_secrets_are_made_once_and_only_we_can_read_them(tmp_path: Path) -> None:
    first = DataFolder(tmp_path).secrets()
    assert DataFolder(tmp_path).secrets() == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(base64.urlsafe_b64decode(first.field_keys)) == 32
    assert min(len(first.secret_key), len(first.jwt_key)) >= 50


def test_a_secret_that_is_new_in_this_version_is_added_to_the_old_ones(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    before = folder.secrets()
    path = tmp_path / "secrets.json"
    older = json.loads(path.read_text())
    del older["flower_password"]
    path.write_text(json.dumps(older))
    after = folder.secrets()
    assert after.flower_password
    assert after.secret_key == before.secret_key


def test_lost_secrets_of_an_existing_database_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(RuntimeFault, match=r"secrets\.json is missing.*backup"):
        DataFolder(tmp_path).secrets()


def test_damaged_secrets_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"secret_key": ')
    with pytest.raises(RuntimeFault, match="is damaged"):
        DataFolder(tmp_path).secrets()


def test_a_port_is_remembered(tmp_path: Path) -> None:
    port = DataFolder(tmp_path).port("postgres")
    assert DataFolder(tmp_path).port("postgres") == port


def test_a_port_taken_by_somebody_else_is_moved_and_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "PORT_PATIENCE", 0.1)
    folder = DataFolder(tmp_path)
    port = folder.port("postgres")
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        moved = folder.port("postgres")
    assert moved != port
    assert folder.port("postgres") == moved


def test_a_second_supervisor_is_told_who_runs(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    with first.locked():
        first.note_running(url="http://127.0.0.1:8123/", services={})
        with pytest.raises(AlreadyRunning, match=r"already running.*at http://127\.0\.0\.1:8123/"), second.locked():
            pytest.fail("both hold the folder")
    with second.locked():
        assert second.running() == {}


def test_a_data_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RuntimeFault, match="PUFFLING_DATA_DIR"):
        DataFolder(tmp_path / "file" / "data")
