"""`manage.py resume`: take a kill back after a clean reconcile."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.clock import now
from common.errors import PufflingError
from orders.killing import resume
from orders.management.commands.kill import find_user, scope_id
from safety.models import Switch
from safety.switch import RESUME_WORD


class Command(BaseCommand):
    help = (
        "Trade again after a kill. The books must agree with the broker. "
        "Exit code 0: done; 1: refused, and the reason is said."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("word", help=f"type {RESUME_WORD}")
        parser.add_argument("--scope", choices=Switch.Scope.values, default=Switch.Scope.GLOBAL)
        parser.add_argument("--id", default="", help="the portfolio's or rule's id; for user and agent --user says it")
        parser.add_argument("--user", help="user name; not needed for everything")
        parser.add_argument("--json", action="store_true", help="print what was resumed as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = find_user(options)
        try:
            resume(
                scope=options["scope"],
                scope_id=scope_id(options, user),
                user=user,
                word=options["word"],
                actor="manage.py resume",
                now=now(),
            )
        except PufflingError as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            self.stdout.write(json.dumps({"scope": options["scope"], "scope_id": scope_id(options, user)}))
        else:
            self.stdout.write("Trading is on again.")
