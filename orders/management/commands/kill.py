"""`manage.py kill`: the same kill switch as the button, for when the site is down."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from common.clock import now
from common.errors import PufflingError
from orders.killing import kill
from safety.models import Switch


class Command(BaseCommand):
    help = "Stop trading: nothing new is sent, open orders are cancelled, and it is verified that none is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scope", choices=Switch.Scope.values, default=Switch.Scope.GLOBAL)
        parser.add_argument("--id", default="", help="the portfolio's or rule's id; for user and agent --user says it")
        parser.add_argument("--user", help="user name; not needed for everything")
        parser.add_argument("--reason", default="from the command line")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options)
        try:
            report = kill(
                scope=options["scope"],
                scope_id=scope_id(options, user),
                user=user,
                reason=options["reason"],
                actor="manage.py kill",
                now=now(),
            )
        except PufflingError as error:
            raise CommandError(error.detail) from error
        text = json.dumps(asdict(report), default=str) if options["json"] else report.sentence
        self.stdout.write(text)
        if report.still_open:
            raise CommandError("Orders are still open: see above.", returncode=1)


def find_user(options: dict[str, Any]) -> User | None:
    """Whose switch it is. The command line may switch everything, then nobody needs to be named."""
    name = options["user"]
    if name is None:
        if options["scope"] == Switch.Scope.GLOBAL:
            return None
        raise CommandError(f"--scope {options['scope']} needs --user.")
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name!r}.")
    return user


def scope_id(options: dict[str, Any], user: User | None) -> str:
    """What the scope points at."""
    if user is None or options["scope"] == Switch.Scope.GLOBAL:
        return ""
    if options["scope"] in (Switch.Scope.USER, Switch.Scope.AGENT):
        return str(user.pk)
    if not options["id"]:
        raise CommandError(f"--scope {options['scope']} needs --id.")
    return str(options["id"])
