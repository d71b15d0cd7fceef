"""The embedded Valkey, as a real server."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from puffling_site.runtime.process import RuntimeFault, free_port
from puffling_site.runtime.valkey import Valkey
from tests.runtime.processes import mentioning


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path / "valkey", port=free_port(), password="hidden77")
    valkey.start()
    yield valkey
    valkey.stop()


def test_what_is_written_survives_a_restart(server: Valkey) -> None:
    redis.Redis.from_url(server.url).set("kept", "yes")
    server.stop()
    server.start()
    assert redis.Redis.from_url(server.url).get("kept") == b"yes"


def test_never_evicts_and_appends_to_a_file(server: Valkey) -> None:
    client = redis.Redis.from_url(server.url)
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_a_wrong_password_is_refused(server: Valkey) -> None:
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(server.url.replace("hidden77", "guess")).ping()


def test_the_password_is_in_a_private_file_and_in_no_command_line(server: Valkey) -> None:
    configuration = server.home.path / "valkey.conf"
    assert "hidden77" in configuration.read_text()
    assert stat.S_IMODE(configuration.stat().st_mode) == 0o600
    assert not mentioning("hidden77")


def test_a_taken_port_fails_at_once(server: Valkey, tmp_path: Path) -> None:
    second = Valkey(tmp_path / "second", port=server.port, password="b")
    with pytest.raises(RuntimeFault, match="Valkey ended with code 1"):
        second.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can close a folder to the server's account")
def test_root_can_keep_the_data_in_a_folder_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    valkey = Valkey(closed / "valkey", port=free_port(), password="c")
    try:
        valkey.start()
        assert valkey.process is not None
        assert Path(f"/proc/{valkey.process.pid}").stat().st_uid != 0
    finally:
        valkey.stop()
