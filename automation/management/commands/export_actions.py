"""`manage.py export_actions --user ann --format yaml > rules.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from automation.models import ActionStatus
from automation.transfer.writing import FORMATS, JSON, export_rules
from common.errors import PufflingError


class Command(BaseCommand):
    help = (
        "Write a user's rules as JSON or YAML, to standard output or to --output. The same rules give the same bytes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="user name")
        parser.add_argument("--format", choices=FORMATS, default=JSON)
        parser.add_argument("--status", choices=ActionStatus.values, default="", help="default: what may still fire")
        parser.add_argument("--symbol", default="")
        parser.add_argument("--ids", nargs="+", type=UUID, help="some rules by id")
        parser.add_argument("--output", type=Path, help="a file instead of standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        user = user_named(options["user"])
        try:
            text = export_rules(
                user=user,
                format=options["format"],
                status=options["status"],
                symbol=options["symbol"],
                ids=options["ids"],
            )
        except PufflingError as error:
            raise CommandError(error.detail) from error
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        try:
            options["output"].write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror or error}") from None


def user_named(name: str) -> User:
    """Raises CommandError."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.")
    return user
