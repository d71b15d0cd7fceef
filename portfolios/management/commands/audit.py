"""`manage.py audit`: prove that every portfolio's books agree."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from common.money import plain
from portfolios.auditing import audit
from portfolios.models import Portfolio


class Command(BaseCommand):
    help = (
        "Prove that ledger = lots = holdings = cash in every portfolio, to the cent. Exit code 1 if they do not agree."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--portfolio", metavar="ID", help="audit this one only")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        portfolios = portfolios_named(options["portfolio"])
        found = [(portfolio, one) for portfolio in portfolios for one in audit(portfolio)]
        if options["json"]:
            rows = [
                {
                    "portfolio": str(portfolio.pk),
                    "name": portfolio.name,
                    "code": one.code,
                    "subject": one.subject,
                    "expected": plain(one.expected),
                    "found": plain(one.found),
                    "message": one.message,
                }
                for portfolio, one in found
            ]
            self.stdout.write(json.dumps({"portfolios": len(portfolios), "discrepancies": rows}, indent=2))
        else:
            for portfolio, one in found:
                self.stdout.write(f"{portfolio.name} ({portfolio.pk}): {one.message}")
        summary = f"{len(found)} discrepancies in {len(portfolios)} portfolios"
        if found:
            raise CommandError(f"{summary}. Nothing was changed: find the cause before you trade.", returncode=1)
        if not options["json"]:
            self.stdout.write(f"{summary}: ledger, lots, holdings and cash agree.")


def portfolios_named(wanted: str | None) -> list[Portfolio]:
    if wanted is None:
        return list(Portfolio.objects.order_by("id"))
    try:
        portfolio_id = UUID(wanted)
    except ValueError as error:
        raise CommandError(f"{wanted!r} is not an id: use the one the portfolio's page shows.") from error
    found = list(Portfolio.objects.filter(pk=portfolio_id))
    if not found:
        raise CommandError(f"There is no portfolio {wanted}.")
    return found
