"""How commands find the servers that `make run` started."""

from __future__ import annotations

from pathlib import Path

from puffling_site.runtime.environment import attach, data_folder
from puffling_site.runtime.state import DataFolder


def started_once(path: Path) -> DataFolder:
    folder = DataFolder(path)
    folder.secrets()
    for name in ("postgres", "valkey", "flower"):
        folder.port(name)
    return folder


def test_a_command_gets_the_servers_and_secrets_of_the_installation(tmp_path: Path) -> None:
    secrets = started_once(tmp_path).secrets()
    environ = {"PUFFLING_DATA_DIR": str(tmp_path), "PUFFLING_JWT_KEY": "mine"}
    assert attach(environ)
    assert environ["DATABASE_URL"].startswith(f"postgresql://puffling:{secrets.postgres_password}@127.0.0.1:")
    assert environ["REDIS_URL"].startswith(f"redis://:{secrets.valkey_password}@127.0.0.1:")
    assert environ["PUFFLING_FIELD_KEYS"] == secrets.field_keys
    assert environ["PUFFLING_JWT_KEY"] == "mine", "what the person set stays"


def test_what_is_set_and_tests_and_production_are_left_alone(tmp_path: Path) -> None:
    started_once(tmp_path)
    for extra in ({"DATABASE_URL": "postgresql://x/y"}, {"PUFFLING_ENV": "test"}, {"PUFFLING_ENV": "production"}):
        environ = {"PUFFLING_DATA_DIR": str(tmp_path), **extra}
        before = dict(environ)
        assert not attach(environ)
        assert environ == before


def test_an_installation_never_started_changes_nothing(tmp_path: Path) -> None:
    environ = {"PUFFLING_DATA_DIR": str(tmp_path / "none")}
    assert not attach(environ)
    assert set(environ) == {"PUFFLING_DATA_DIR"}


def test_with_servers_of_ones_own_only_the_secrets_are_found(tmp_path: Path) -> None:
    DataFolder(tmp_path).secrets()
    DataFolder(tmp_path).port("flower")
    environ = {"PUFFLING_DATA_DIR": str(tmp_path)}
    assert not attach(environ)
    assert "PUFFLING_FIELD_KEYS" in environ
    assert "DATABASE_URL" not in environ


def test_the_data_folder_is_absolute() -> None:
    assert data_folder({"PUFFLING_DATA_DIR": "elsewhere"}) == Path.cwd() / "elsewhere"
    assert data_folder({}).name == ".puffling"
