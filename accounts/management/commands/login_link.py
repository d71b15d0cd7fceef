"""`manage.py login_link --user demo`: print a link that signs one person in, once."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.links import LIFETIME, create_link
from accounts.models import User
from common.clock import now


class Command(BaseCommand):
    help = "Print a one-time login link. Exit code 1 if there is no such active user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="username")
        parser.add_argument("--base-url", default="http://127.0.0.1:8000", help="put before the path")
        parser.add_argument("--minutes", type=int, default=int(LIFETIME.total_seconds() // 60), help="valid for")
        parser.add_argument("--json", action="store_true", help='print {"url", "expires_at"}')

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['user']!r}.")
        if not 1 <= options["minutes"] <= 1440:
            raise CommandError(f"--minutes is {options['minutes']}: use 1 to 1440.")
        path, expires_at = create_link(user=user, now=now(), lifetime=timedelta(minutes=options["minutes"]))
        url = options["base_url"].rstrip("/") + path
        if options["json"]:
            self.stdout.write(json.dumps({"url": url, "expires_at": expires_at.isoformat()}))
        else:
            self.stdout.write(f"{url}\n(works once, until {expires_at:%H:%M} UTC)")
