"""`manage.py demo_price AAPL 187.50`: the market moves now."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common import clock
from common.errors import PufflingError
from common.money import plain
from markets.demo import move_price


class Command(BaseCommand):
    help = "Move the price of a demo instrument: the running demo feed takes it at its next tick."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("symbol")
        parser.add_argument("price", help="dollars, e.g. 187.50")
        parser.add_argument("--hold", type=int, default=30, metavar="SECONDS", help="stay there so long (default 30)")
        parser.add_argument("--json", action="store_true", help="print what was asked for as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            price = Decimal(options["price"])
        except InvalidOperation:
            raise CommandError(f"price is {options['price']!r}: use dollars such as 187.50") from None
        try:
            override = move_price(symbol=options["symbol"], price=price, hold_seconds=options["hold"], now=clock.now())
        except PufflingError as error:
            raise CommandError(error.detail) from None
        said = {"symbol": override.instrument_id, "price": plain(override.price), "hold_seconds": override.hold_seconds}
        if options["json"]:
            self.stdout.write(json.dumps(said))
        else:
            self.stdout.write("{symbol} goes to {price} and stays there for {hold_seconds} s".format(**said))
