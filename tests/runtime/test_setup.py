"""The scripts behind `make`: finding a Python, reading pip's configuration, checking step by step."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from puffling_site.runtime.environment import BASE


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", BASE / "scripts" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def find_python(path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": str(path), **environment}
    command = ["/bin/sh", str(BASE / "scripts" / "find-python")]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_takes_the_first_python_that_works(tmp_path: Path) -> None:
    script(tmp_path / "python3", "exit 1")  # too old, or the shim of a version manager
    script(tmp_path / "python3.12", "exit 0")
    assert find_python(tmp_path).stdout.strip() == str(tmp_path / "python3.12")


def test_the_named_python_comes_first(tmp_path: Path) -> None:
    script(tmp_path / "python3", "exit 0")
    mine = script(tmp_path / "mine", "exit 0")
    assert find_python(tmp_path, PYTHON=str(mine)).stdout.strip() == str(mine)


def test_no_python_is_explained(tmp_path: Path) -> None:
    done = find_python(tmp_path)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


def test_a_python_without_venv_is_explained(tmp_path: Path) -> None:
    script(tmp_path / "python3", 'case "$2" in *venv*) exit 1;; esac')
    done = find_python(tmp_path)
    assert done.returncode == 1
    assert "python3-venv" in done.stderr


def test_pip_options_are_handed_to_uv(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = "global.cert='/etc/ssl/own.pem'\nglobal.index-url='https://mirror/simple'\n:env:.index-url='https://env/simple'\n"
    monkeypatch.setattr(bootstrap, "output", lambda *_command: listing)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    first = next(bootstrap.uv_environments())
    assert first["SSL_CERT_FILE"] == "/etc/ssl/own.pem"
    assert first["UV_DEFAULT_INDEX"] == "https://env/simple"


def test_what_the_person_set_for_uv_stays(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "output", lambda *_command: "global.cert='/a'\nglobal.index-url='https://b'\n")
    monkeypatch.setenv("SSL_CERT_FILE", "/mine")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine")
    first = next(bootstrap.uv_environments())
    assert (first["SSL_CERT_FILE"], first["UV_DEFAULT_INDEX"]) == ("/mine", "https://mine")


def test_both_locks_pin_the_same_versions() -> None:
    """`make test` must only add to the environment a running server uses."""
    pins = [set(re.findall(r"^[\w.\[\]-]+==[^\s\\]+", _lock(name), re.MULTILINE)) for name in ("", "-dev")]
    assert pins[0] <= pins[1]


def _lock(suffix: str) -> str:
    return (BASE / f"requirements{suffix}.lock").read_text()


def test_every_pin_has_a_hash() -> None:
    for text in (_lock(""), _lock("-dev"), (BASE / "scripts" / "uv.lock").read_text()):
        assert text.count("==") > 0
        for block in re.split(r"\n(?=\w)", text):
            assert "==" not in block.splitlines()[0].partition("#")[0] or "--hash=sha256:" in block, block.splitlines()[
                0
            ]


@pytest.mark.parametrize("name", ["Makefile", "scripts/bootstrap.py", "scripts/check", ".ci/run", "Dockerfile"])
def test_no_path_or_registry_of_one_machine(name: str) -> None:
    text = (BASE / name).read_text()
    assert not re.search(r"/work/|/root|/home/|https?://(?!127\.0\.0\.1|localhost)", text)


def test_a_failing_step_fails_and_is_named(tmp_path: Path) -> None:
    """The real script in an empty project whose ruff finds a fault."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    script(tmp_path / "scripts" / "check", (BASE / "scripts" / "check").read_text().split("\n", 1)[1])
    script(tmp_path / ".venv" / "bin" / "ruff", "exit 3")
    done = subprocess.run(
        ["/bin/bash", "scripts/check", "lint", "tests"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "FAILED: code style (ruff check) (exit code 3)" in done.stderr


def test_no_browser_test_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    script(tmp_path / "scripts" / "check", (BASE / "scripts" / "check").read_text().split("\n", 1)[1])
    script(tmp_path / ".venv" / "bin" / "pytest", "exit 5")
    script(tmp_path / "chromium", "exit 0")
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    command = ["/bin/bash", "scripts/check", "browser"]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ok: browser tests" in done.stdout


@pytest.mark.parametrize("target", ["help", "run", "test", "bench", "bench-quick", "lint", "format", "lock", "audit"])
def test_make_knows_its_targets(target: str) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", "-n", target], cwd=BASE, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_up_refuses_wrong_usage_and_explains_its_exit_codes() -> None:
    wrong = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", "x"], cwd=BASE, capture_output=True, check=False
    )
    assert wrong.returncode == 2
    helped = subprocess.run(
        [sys.executable, "-m", "puffling_site.runtime", "--help"], cwd=BASE, capture_output=True, text=True, check=False
    )
    assert "exit codes:" in helped.stdout
