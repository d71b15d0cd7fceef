"""Everything that must be done with Django before the services start, in one process: one Django start costs seconds.

Run by the supervisor as `python -m puffling_site.runtime.prepare [--no-demo]`. Talks on stderr; the last line of stdout
is a JSON object: `commands` (what manage.py offers) and `login` (the answer of `login_link`, or null).
Exit code 0, or 1 when a step failed (the message is on stderr).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command, get_commands
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

DEMO_USER = "demo"


def main() -> int:
    """Migrate, collect static files, seed the demo and make a login link, each only when needed."""
    parser = argparse.ArgumentParser(prog="python -m puffling_site.runtime.prepare")
    parser.add_argument("--no-demo", action="store_true")
    parser.add_argument("--no-migrate", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "puffling_site.settings")
    django.setup()
    commands = get_commands()
    try:
        call_command("check", stdout=sys.stderr, stderr=sys.stderr)
        if not options.no_migrate:
            migrate()
        collect_static()
        if not options.no_demo and "demo" in commands:
            call_command("demo", "--if-empty", stdout=sys.stderr, stderr=sys.stderr)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OperationalError as error:  # a server of the person's own: DATABASE_URL is wrong, or it is down
        sys.stderr.write(f"the database cannot be used: {error}\n")
        return 1
    login = None if options.no_demo or "login_link" not in commands else login_link()
    sys.stdout.write(json.dumps({"commands": sorted(commands), "login": login}) + "\n")
    return 0


def migrate() -> None:
    """Apply what is missing; asking first is quicker than the command, which also renews every permission."""
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        sys.stderr.write(f"applying {len(plan)} migrations\n")
        call_command("migrate", "--noinput", verbosity=0, stdout=sys.stderr, stderr=sys.stderr)


def collect_static() -> None:
    """Collect static files where production serves them from one folder, when one has changed since the last time."""
    if settings.SERVESTATIC_USE_FINDERS:  # development reads them in place
        return
    root = Path(settings.STATIC_ROOT)
    stamp, current = root / ".collected", static_signature()
    if stamp.exists() and stamp.read_text() == current:
        return
    root.mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", "--noinput", verbosity=0, stdout=sys.stderr, stderr=sys.stderr)
    stamp.write_text(current)


def static_signature() -> str:
    """Return a digest of names, sizes and times of all static files."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path).timestamp()}\n".encode())
    return digest.hexdigest()


def login_link() -> dict[str, Any] | None:
    """Return the one-time login link of the demo user as the command prints it, or None with the reason on stderr."""
    answer = io.StringIO()
    try:
        base = os.environ.get("PUFFLING_URL", "http://127.0.0.1:8000/")
        call_command("login_link", "--user", DEMO_USER, "--base-url", base, "--json", stdout=answer, stderr=sys.stderr)
    except CommandError as error:
        sys.stderr.write(f"no login link: {error}\n")
        return None
    found = json.loads(answer.getvalue())
    return found if isinstance(found, dict) else None


if __name__ == "__main__":
    raise SystemExit(main())
