"""`manage.py rebuild_lots --portfolio ID`: derive lots and holdings from the ledger again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from common import clock
from portfolios.auditing import audit
from portfolios.management.commands.audit import portfolios_named
from portfolios.rebuilding import rebuild


class Command(BaseCommand):
    help = (
        "Derive lots, disposals and holdings from the ledger again, first in first out, and audit the result. The"
        " ledger is only read. Sales made from chosen lots become first in first out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--portfolio", required=True, metavar="ID")
        parser.add_argument("--symbol", action="append", help="this one only; may be given again")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        (portfolio,) = portfolios_named(options["portfolio"])
        with transaction.atomic():
            changed = rebuild(portfolio, options["symbol"], now=clock.now())
            found = audit(portfolio)
            transaction.set_rollback(bool(found) or options["dry_run"])
        if found:
            lines = "\n".join(one.message for one in found)
            raise CommandError(f"{lines}\nThe ledger itself does not add up: nothing was changed.", returncode=1)
        verb = "would change" if options["dry_run"] else "changed"
        self.stdout.write(f"{', '.join(changed)} {verb}." if changed else "Nothing changed: lots follow the ledger.")
