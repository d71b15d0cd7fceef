"""`manage.py simulate ACTION --from 2026-01-02 --timeframe 1m --grid threshold=140..160/1`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from automation.models import Action
from automation.replay import answering
from automation.replay.asking import draft_action, read_question
from common import clock
from common.errors import InvalidInput

WORDS = ("from", "to", "timeframe", "cash", "shares", "slippage_bps", "fee_per_order", "fee_bps")


class Command(BaseCommand):
    help = (
        "Replay a rule over stored bars and say what it would have done. Nothing is traded or written. "
        "Exit codes: 0 done, 1 it cannot be replayed (the reason is printed)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", help="the id of a rule; or give --rule and --user")
        parser.add_argument("--rule", type=Path, help="a JSON file with the fields of a rule that is not stored")
        parser.add_argument("--user", help="whose portfolio a --rule is replayed with")
        parser.add_argument("--from", help="a date or a time with its zone; default a year ago (1m: 30 days)")
        parser.add_argument("--to", help="a date (that day included) or a time; default now")
        parser.add_argument("--timeframe", choices=["1d", "1m"], help="bars to replay; default 1d")
        parser.add_argument("--cash", help="dollars to begin with; default the portfolio's")
        parser.add_argument("--shares", help="shares to begin with; default the portfolio's")
        for name in ("slippage_bps", "fee_per_order", "fee_bps"):
            parser.add_argument(f"--{name.replace('_', '-')}", help="default the paper account's")
        parser.add_argument("--ignore-dates", action="store_true", help="as if the rule had no valid_from, valid_until")
        parser.add_argument("--grid", help="values of one parameter: threshold=140..160/1 or threshold=140,150")
        parser.add_argument("--json", action="store_true", help="print everything as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        try:
            action = self._action(options, now)
            asked = {name: options[name] for name in WORDS if options[name] is not None}
            if options["ignore_dates"]:
                asked["ignore_dates"] = True
            if options["grid"]:
                asked["grid"] = grid_of(options["grid"])
            question = read_question(asked, portfolio=action.portfolio, symbol=action.instrument_id or "", now=now)
            case = answering.prepare(action, question)
            result = self._values(case, options["json"]) if question.grid else answering.answer(case)
        except InvalidInput as error:
            raise CommandError(
                "\n".join(f"{name}: {' '.join(texts)}" for name, texts in error.errors.items())
            ) from None
        if options["json"]:
            self.stdout.write(json.dumps(result))
        elif not question.grid:
            self._tell(result)

    def _action(self, options: dict[str, Any], now: Any) -> Action:
        if options["rule"]:
            user = User.objects.filter(username=options["user"] or "").first()
            if user is None:
                raise CommandError(f"--user {options['user']!r} is not known: name the user whose portfolio it is for")
            try:
                raw = json.loads(options["rule"].read_text())
            except (OSError, ValueError) as error:
                raise CommandError(f"{options['rule']} cannot be read as JSON: {error}") from None
            return draft_action(raw, user=user, start=now.replace(year=now.year - 100, day=1))
        try:
            found = (
                Action.objects.select_related("instrument", "portfolio")
                .filter(id=UUID(options["action"] or ""))
                .first()
            )
        except ValueError:
            found = None
        if found is None:
            raise CommandError(f"{options['action']!r} is not the id of a rule: see /api/actions/, or give --rule FILE")
        return found

    def _values(self, case: answering.Case, quiet: bool) -> dict[str, Any]:
        rows = []
        for row in answering.try_values(case):
            rows.append(row)
            if not quiet:
                self.stdout.write(
                    f"{row['value']:>12}  net ${row['net_result']:>14}  {row['return_percent']:>9} %"
                    f"  fires {row['fires']:>5}  trades {row['trades']:>5}"
                )
        result = answering.grid_result(case.question, rows)
        if not quiet:
            self.stdout.write(f"Best: {result['grid']['best']}. {result['grid']['caution']}")
        return result

    def _tell(self, result: dict[str, Any]) -> None:
        summary = result["summary"]
        for one in result["firings"]:
            price = one["fill_price"] or one["price"] or "-"
            self.stdout.write(
                f"{one['at']}  {one['outcome']:<8} {one['side']:<4} {one['quantity']:>12} at {price}"
                f"  fee {one['fee']}  gain {one['gain'] or '-'}  {one['reason']}"
            )
        self.stdout.write(
            f"{summary['fires']} firings, {summary['trades']} trades over {summary['bars']} bars"
            f" ({summary['missing_bars']} missing): net ${summary['net_result']} ({summary['return_percent']} %),"
            f" deepest fall {summary['max_drawdown_percent']} %, invested {summary['exposure_percent']} % of the time."
        )
        self.stdout.write(
            f"Buying at the start and holding: ${summary['hold_result']} ({summary['hold_return_percent']} %)."
        )
        if result["stopped"]:
            self.stdout.write(f"The rule stopped itself: {result['stopped']}")


def grid_of(text: str) -> dict[str, Any]:
    """threshold=140..160/1, or threshold=140,150."""
    parameter, _, values = text.partition("=")
    if ".." in values:
        first, _, rest = values.partition("..")
        last, _, step = rest.partition("/")
        return {"parameter": parameter, "from": first, "to": last, "step": step}
    return {"parameter": parameter, "values": [value for value in values.split(",") if value]}
