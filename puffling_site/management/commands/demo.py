"""Seed the demo market and the demo account."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from common.clock import now
from puffling_site.demo import USERNAME, cancel_rules, seed_demo


class Command(BaseCommand):
    help = (
        "Seed the demo market and the demo account (user 'demo'). What exists is kept; missing days are added."
        " Exit codes: 0 done, 1 refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="make the account only if nobody has one yet")
        parser.add_argument("--cancel-rules", action="store_true", help="cancel the demo account's running rules")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, if_empty: bool, cancel_rules: bool, json: bool, **options: Any) -> None:
        others = User.objects.exclude(username=USERNAME).exists()
        if if_empty and others:
            self.report({"user": None, "reason": "other accounts exist"}, json)
            return
        password = settings.CONFIG.demo_password
        if len(password) < 8 and not User.objects.filter(username=USERNAME).exists():
            raise CommandError("Set PUFFLING_DEMO_PASSWORD to at least 8 characters: it becomes the demo password.")
        at = now()
        user = seed_demo(password=password, now=at, seed=settings.CONFIG.demo_seed)
        self.report({"user": user.username, "cancelled": _cancel(user) if cancel_rules else 0}, json)

    def report(self, result: dict[str, Any], as_json: bool) -> None:
        self.stdout.write(json.dumps(result) if as_json else f"Demo account: {result['user'] or result['reason']}")


def _cancel(user: User) -> int:
    return cancel_rules(user, now())
