"""Importing splits and dividends from CSV: all of the file or nothing, and every mistake named with its row."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from django.db import transaction

from common.errors import Conflict, InvalidInput
from markets.corporate_actions import CASH_DIVIDEND, SPLIT, record
from markets.importing import BadFile, Mistake
from markets.models import CorporateAction

RATIO = re.compile(r"\s*(\d{1,5})\s*(?::|for|/)\s*(\d{1,5})\s*")
COLUMNS = ("symbol", "kind", "ex_date")


def import_corporate_actions(text: str, *, now: datetime, source: str = "csv") -> list[CorporateAction]:
    """Enter every row: symbol, kind (split, cash_dividend), ex_date, ratio (10:1) or amount (dollars a share).

    Again changes nothing; other numbers correct what has not been applied. Raises BadFile, InvalidInput.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names = [name.strip().lower() for name in rows.fieldnames or []]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        fix = f"has no column {', '.join(missing)}: the first row must name symbol,kind,ex_date,ratio,amount."
        raise BadFile([Mistake(row=1, column="header", value=",".join(names), fix=fix)])
    rows.fieldnames = names
    mistakes: list[Mistake] = []
    made: list[CorporateAction] = []
    with transaction.atomic():
        for number, row in enumerate(rows, start=2):
            cells = {name: (value or "").strip() for name, value in row.items() if isinstance(value, str | None)}
            if any(cells.values()):
                made += _enter(number, cells, mistakes, now, source)
        if mistakes:
            raise BadFile(mistakes)
    return made


def _enter(
    number: int, cells: dict[str, str], mistakes: list[Mistake], now: datetime, source: str
) -> list[CorporateAction]:
    before = len(mistakes)

    def wrong(column: str, fix: str) -> None:
        mistakes.append(Mistake(row=number, column=column, value=cells.get(column, "")[:80], fix=fix))

    kind = {"dividend": CASH_DIVIDEND}.get(cells["kind"].lower(), cells["kind"].lower())
    ex_date, ratio, amount = date.min, None, None
    try:
        ex_date = date.fromisoformat(cells["ex_date"])
    except ValueError:
        wrong("ex_date", "is not a date: use 2024-06-10.")
    if kind == SPLIT:
        ratio = RATIO.fullmatch(cells.get("ratio", ""))
        if ratio is None:
            wrong("ratio", "is not a ratio: use 10:1 (ten new shares for an old one).")
    else:
        try:
            amount = Decimal(cells.get("amount", ""))
        except InvalidOperation:
            wrong("amount", "is not an amount: use dollars a share such as 0.25.")
    if len(mistakes) > before:
        return []
    try:
        return [
            record(
                symbol=cells["symbol"],
                kind=kind,
                ex_date=ex_date,
                new_shares=int(ratio[1]) if ratio else None,
                old_shares=int(ratio[2]) if ratio else None,
                amount=amount,
                source=source,
                now=now,
            )
        ]
    except InvalidInput as error:
        for column, messages in error.errors.items():
            wrong("ratio" if column.endswith("_shares") else column, " ".join(messages))
    except Conflict as error:
        wrong("ex_date", error.detail)
    return []
