"""The environment of Puffling's processes: what the supervisor gives them, and how other commands find the same."""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from puffling_site.runtime.postgres import database_url
from puffling_site.runtime.state import Secrets
from puffling_site.runtime.valkey import redis_url

BASE = Path(__file__).resolve().parent.parent.parent


def data_folder(environ: MutableMapping[str, str] = os.environ) -> Path:
    """Return the data folder of this installation."""
    return Path(environ.get("PUFFLING_DATA_DIR") or BASE / ".puffling").absolute()


def generated(secrets: Secrets, flower_port: int) -> dict[str, str]:
    """Return the variables made from the installation's secrets."""
    flower_auth = f"puffling:{secrets.flower_password}"
    return {
        "PUFFLING_SECRET_KEY": secrets.secret_key,
        "PUFFLING_JWT_KEY": secrets.jwt_key,
        "PUFFLING_FIELD_KEYS": secrets.field_keys,
        "PUFFLING_DEMO_PASSWORD": secrets.demo_password,
        "PUFFLING_FLOWER_URL": f"http://127.0.0.1:{flower_port}/",
        "PUFFLING_FLOWER_AUTH": flower_auth,
        "FLOWER_BASIC_AUTH": flower_auth,  # Flower's own name for it; among its arguments `ps` would show it
    }


def attach(environ: MutableMapping[str, str] = os.environ) -> bool:
    """Point a command of this installation at the servers and secrets of `make run`; whether anything was set.

    Does nothing for tests and production, where DATABASE_URL is set already, and where nothing was ever started.
    What is set stays as it is.
    """
    if "DATABASE_URL" in environ or environ.get("PUFFLING_ENV", "development") != "development":
        return False
    folder = data_folder(environ)
    try:
        secrets = Secrets(**json.loads((folder / "secrets.json").read_text()))
        ports: dict[str, Any] = json.loads((folder / "ports.json").read_text())
    except (OSError, ValueError, TypeError):  # never started, somebody else's, or of another version: as if alone
        return False
    found = generated(secrets, ports.get("flower", 0))
    if "postgres" in ports:
        found["DATABASE_URL"] = database_url(secrets.postgres_password, ports["postgres"])
    if "valkey" in ports:
        found["REDIS_URL"] = redis_url(secrets.valkey_password, ports["valkey"])
    for name, value in found.items():
        environ.setdefault(name, value)
    return "DATABASE_URL" in environ
