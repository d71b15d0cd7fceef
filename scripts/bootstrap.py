"""Make `.venv` from a lock file: `python scripts/bootstrap.py requirements.lock`.

Uses only the standard library, runs under any Python >= 3.11. Installs with uv (seconds), with pip (a minute) where uv
cannot be had. Adds and changes packages, never removes any: a server may be running from this environment. A stamp
remembers the lock's content, so that the next start costs nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PIP = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input"]
UV_LOCK = ROOT / "scripts" / "uv.lock"


def main(arguments: list[str]) -> int:
    """Bring `.venv` to the state of the named lock file; returns the exit code."""
    if len(arguments) != 1:
        say("usage: bootstrap.py requirements.lock | requirements-dev.lock")
        return 2
    lock = ROOT / arguments[0]
    make_environment()
    stamp, content = VENV / f".installed-{lock.stem}", hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == content:
        stamp.touch()
        return 0
    started = time.monotonic()
    say(f"Installing the packages of {lock.name} into {VENV.name} ...")
    if not (install_with_uv(lock) or run(*PIP, "install", "--no-deps", "--require-hashes", "-r", str(lock))):
        say("Installing failed; the messages above say why. Puffling needs a Python package index it can reach.")
        return 1
    stamp.write_text(content)
    say(f"Installed in {time.monotonic() - started:.0f} s.")
    return 0


def make_environment() -> None:
    """Create `.venv`, or make it anew when its Python is gone or was moved."""
    if works(PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
        if not works(*PIP, "--version"):
            run(str(PYTHON), "-m", "ensurepip", "--upgrade")
        return
    say(f"Creating {VENV.name} with Python {sys.version.split()[0]} ...")
    venv.create(VENV, with_pip=True, clear=VENV.exists(), symlinks=True)


def install_with_uv(lock: Path) -> bool:
    """Install with uv; False when uv is not to be had or fails in every way it can be asked."""
    uv = VENV / "bin" / "uv"
    wanted = UV_LOCK.read_text().split("uv==")[1].split()[0]
    present = works(uv, "--version") and wanted in output(uv, "--version")
    if not present and not run(*PIP, "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(UV_LOCK)):
        say("uv could not be installed; going on with pip, which takes longer.")
        return False
    command = [str(uv), "pip", "install", "--quiet", "--python", str(PYTHON), "--no-deps", "--require-hashes"]
    return any(run(*command, "-r", str(lock), env=environment) for environment in uv_environments())


def uv_environments() -> Iterator[dict[str, str]]:
    """Yield the environments to try uv with: it reads no pip configuration, so what matters is handed over."""
    environment = os.environ | {"UV_NO_PROGRESS": "1"}
    configured = pip_configuration()
    if "SSL_CERT_FILE" not in os.environ and "cert" in configured:
        environment["SSL_CERT_FILE"] = configured["cert"]
    if "index-url" in configured:
        environment.setdefault("UV_DEFAULT_INDEX", configured["index-url"])
    yield environment
    say("uv failed; trying again with the certificates of this machine.")
    yield environment | {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"}
    if extra := {name: configured[name] for name in ("extra-index-url", "find-links") if name in configured}:
        say("uv failed; trying again with the further package sources of the pip configuration.")
        names = {"extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
        more = {names[name]: value for name, value in extra.items()}
        # As pip does it: any source may serve a package. The hashes in the lock decide what is accepted.
        yield environment | more | {"UV_INDEX_STRATEGY": "unsafe-best-match", "UV_SYSTEM_CERTS": "1"}


def pip_configuration() -> dict[str, str]:
    """Return pip's options (from its files and environment), by bare name; the more special ones win."""
    options: dict[str, str] = {}
    order = ("global", "install", ":env:")
    found = [line.partition("=") for line in output(*PIP, "config", "list").splitlines() if "=" in line]
    for section in order:
        for key, _, value in found:
            place, _, name = key.rpartition(".")
            if place == section:
                options[name] = value.strip().strip("'\"").replace("\\n", " ")
    return options


def run(*command: str, env: dict[str, str] | None = None) -> bool:
    """Run a command whose output the person should see."""
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0


def works(*command: str | Path) -> bool:
    """Whether a command can be run and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def output(*command: str | Path) -> str:
    """Return what a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
