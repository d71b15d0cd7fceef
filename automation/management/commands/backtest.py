"""`manage.py backtest STRATEGY_OR_GOAL --from 2016-01-04 --grid short=10..50/10 --grid long=100,200`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from automation.backtest import answering, trying
from automation.backtest.running import question_of
from automation.backtest.subjects import Subject, goal_of, strategy_of, unsaved_strategy, with_values
from automation.management.commands.simulate import grid_of
from automation.strategies.models import Strategy
from common import clock
from common.errors import InvalidInput, PufflingError
from portfolios.models import PortfolioGoal

WORDS = (
    "from", "to", "timeframe", "cash", "slippage_bps", "fee_per_order", "fee_bps", "approvals", "benchmark", "split"
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Run a strategy or a goal over stored bars and say what it would have done. Nothing is traded or written. "
        "Exit codes: 0 done, 1 it cannot be tested (the reason is printed)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subject", nargs="?", help="the id of a strategy or a goal; or give --strategy and --user")
        parser.add_argument("--strategy", type=Path, help="a JSON file with the fields of a strategy not stored")
        parser.add_argument("--user", help="whose portfolio and limits a --strategy is tested with")
        parser.add_argument("--from", help="a date or a time with its zone; default ten years ago (minutes: 30 days)")
        parser.add_argument("--to", help="a date (that day included) or a time; default now")
        parser.add_argument("--timeframe", help="bars to test on; default the strategy's")
        parser.add_argument("--cash", help="dollars to begin with; default 100000")
        for name in ("slippage_bps", "fee_per_order", "fee_bps"):
            parser.add_argument(f"--{name.replace('_', '-')}", help="default the paper account's")
        parser.add_argument("--approvals", choices=["approve", "block"], help="of orders that wait for a person")
        parser.add_argument("--limit", action="append", default=[], metavar="NAME=VALUE", help="another safety limit")
        parser.add_argument("--benchmark", help="a symbol held beside it")
        parser.add_argument("--grid", action="append", default=[], help="short=10..50/10 or short=10,20; up to twice")
        parser.add_argument("--split", type=int, help="percent of the sessions a grid's best is chosen on; default 70")
        parser.add_argument("--json", action="store_true", help="print everything as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        try:
            subject = self._subject(options)
            asked: dict[str, Any] = {name: options[name] for name in WORDS if options[name] is not None}
            if options["limit"]:
                asked["limits"] = dict(text.partition("=")[::2] for text in options["limit"])
            if options["grid"]:
                asked["grid"] = [grid_of(text) for text in options["grid"]]
            question = question_of(subject, asked, now)
            for values in question.combinations if question.grid else ():
                with_values(subject.kind, subject.spec, values)
            case = answering.prepare(
                kind=subject.kind,
                spec=subject.spec,
                symbols=subject.symbols,
                portfolio=subject.portfolio,
                question=question,
                now=now,
            )
            result = self._values(case, options["json"]) if question.grid else answering.answer(case)
        except InvalidInput as error:
            raise CommandError(
                "\n".join(f"{name}: {' '.join(texts)}" for name, texts in error.errors.items())
            ) from None
        except PufflingError as error:
            raise CommandError(error.detail) from None
        if options["json"]:
            self.stdout.write(json.dumps(result))
        elif not question.grid:
            self._tell(result)

    def _subject(self, options: dict[str, Any]) -> Subject:
        if options["strategy"]:
            user = User.objects.filter(username=options["user"] or "").first()
            if user is None:
                raise CommandError(f"--user {options['user']!r} is not known: name the user whose portfolio it is for")
            try:
                raw = json.loads(options["strategy"].read_text())
            except (OSError, ValueError) as error:
                raise CommandError(f"{options['strategy']} cannot be read as JSON: {error}") from None
            return unsaved_strategy(user, raw)
        try:
            found = UUID(options["subject"] or "")
        except ValueError:
            raise CommandError(f"{options['subject']!r} is not an id: see /api/strategies/") from None
        strategy = Strategy.objects.filter(pk=found).select_related("user").first()
        if strategy is not None:
            return strategy_of(strategy.user, found)
        goal = PortfolioGoal.objects.filter(pk=found).select_related("portfolio__user").first()
        if goal is None:
            raise CommandError(f"There is no strategy or goal {found}: see /api/strategies/, /api/portfolio/goals/")
        return goal_of(goal.portfolio.user, found)

    def _values(self, case: answering.Case, quiet: bool) -> dict[str, Any]:
        rows = []
        for row in trying.try_values(case):
            rows.append(row)
            if not quiet:
                values = ", ".join(f"{name} {value}" for name, value in row["values"].items())
                self.stdout.write(
                    f"{values:<30}  in sample {row['in_sample_percent']:>9} %  out {row['out_of_sample_percent']:>9} %"
                    f"  trades {row['trades']:>5}  deepest fall {row['max_drawdown_percent']:>8} %"
                )
        result = trying.grid_result(case, rows)
        if not quiet:
            grid = result["grid"]
            self.stdout.write(f"Best in sample: {grid['best']}")
            if grid["walk_forward"]:
                self.stdout.write(f"Walking forward: {grid['walk_forward']['return_percent']} %")
            self.stdout.write("\n".join([*grid["warnings"], grid["caution"]]))
        return result

    def _tell(self, result: dict[str, Any]) -> None:
        summary = result["summary"]
        for one in result["trades"]:
            self.stdout.write(
                f"{one['at']}  {one['side']:<4} {one['quantity']:>14} {one['symbol']:<6} at {one['price']:>10}"
                f"  fee {one['fee']}  gain {one['gain'] or '-'}"
            )
        self.stdout.write(
            f"{summary['trades']} trades over {summary['bars']} bars: net ${summary['net_result']}"
            f" ({summary['return_percent']} %, {summary['cagr_percent'] or '-'} % a year), Sharpe"
            f" {summary['sharpe'] or '-'}, deepest fall {summary['max_drawdown_percent']} %, invested"
            f" {summary['exposure_percent']} %, costs ${summary['costs']}, {summary['denied']} orders denied."
        )
        self.stdout.write(
            f"Buying at the start and holding: ${result['hold']['net_result']} ({result['hold']['return_percent']} %)."
        )
        self.stdout.write("\n".join(f"! {warning}" for warning in result["warnings"]))
