"""Read a CSV export into rows, or name every mistake in it. Reads no database."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation

from common.errors import InvalidInput
from common.money import CENT, NANO, ZERO, cents, nano, plain
from markets.importing import BadFile, Mistake
from portfolios.importing.formats import base
from portfolios.importing.formats.base import Format
from portfolios.importing.formats.registry import FORMATS, told_by
from portfolios.importing.types import Reading, Row
from portfolios.lots import EXCHANGE_ZONE

LARGEST_FILE = 20_000_000  # characters
LARGEST = Decimal(10) ** 13
PREAMBLE = 12  # lines in which the header is looked for
CLOSE = time(16)  # when a row that only has a date is taken to have happened, New York
CLEAN = re.compile(r"[$,\s]")
RATIO = re.compile(r"(\d{1,5})\s*(?::|for|/)\s*(\d{1,5})")
# How far the amount may be from quantity x price: exports round the price they show.
ROUNDED = Decimal("0.005")
CASH_KINDS = (base.DEPOSIT, base.WITHDRAWAL, base.DIVIDEND, base.INTEREST, base.FEE)
SHARE_KINDS = (base.BUY, base.SELL, base.OPENING)


def read(text: str, *, now: datetime, format: str = "") -> Reading:
    """The rows of a file, oldest first. `format`: one of FORMATS, or told by the header. BadFile, InvalidInput."""
    if len(text) > LARGEST_FILE:
        raise InvalidInput({"text": f"The file has more than {LARGEST_FILE // 1_000_000} MB: split it by date."})
    if "\x00" in text:
        raise InvalidInput({"text": "The file holds a NUL character: save it as plain CSV."})
    lines = _lines(text)
    first, names, chosen = _header(lines, format)
    reader = _Reader(chosen, names, now)
    for number, fields in lines:
        if number > first and not reader.take(number, fields):
            break
    if reader.mistakes:
        raise BadFile(reader.mistakes)
    if not reader.rows:
        raise InvalidInput({"text": "The file has a header but no transactions: nothing to import."})
    rows = reader.rows
    if rows[0].at > rows[-1].at:  # newest first: what happened on one day is the other way round, too
        rows.reverse()
    return Reading(format=chosen.name, rows=tuple(_identified(rows, chosen.name)), left_out=dict(reader.left_out))


def _lines(text: str) -> list[tuple[int, list[str]]]:
    source = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    lines: list[tuple[int, list[str]]] = []
    while True:
        try:
            fields = next(source)
        except StopIteration:
            return lines
        except csv.Error as error:
            fix = f"cannot be read as CSV ({error}): check the quotes."
            raise BadFile([Mistake(row=source.line_num, column="row", value="", fix=fix)]) from None
        if any(value.strip() for value in fields):
            lines.append((source.line_num, fields))


def _header(lines: list[tuple[int, list[str]]], wanted: str) -> tuple[int, list[str], Format]:
    """Where the header is, its names in lower case, and whose it is."""
    if wanted and wanted not in FORMATS:
        raise InvalidInput({"format": f"{wanted!r} is not known: use one of {', '.join(FORMATS)}."})
    for number, fields in lines[:PREAMBLE]:
        names = [name.strip().lower() for name in fields]
        found = told_by(names)
        if wanted and FORMATS[wanted].known_by <= set(names):
            found = FORMATS[wanted]
        if found is not None and (not wanted or found.name == wanted):
            return number, names, found
    known = "; ".join(f"{one.title}: {', '.join(sorted(one.known_by))}" for one in FORMATS.values())
    raise InvalidInput(
        {"text": f"No line names the columns of {wanted or 'a format we know'}. Headers needed: {known}."}
    )


class _Reader:
    """Takes a file's rows one by one."""

    def __init__(self, format: Format, names: list[str], now: datetime) -> None:
        self.format = format
        self.now = now
        self.names = names
        self.columns = {
            ours: next((name for name in theirs if name in names), "") for ours, theirs in format.columns.items()
        }
        self.rows: list[Row] = []
        self.mistakes: list[Mistake] = []
        self.left_out: Counter[str] = Counter()
        self.number = 0
        self.cells: Mapping[str, str] = {}

    def take(self, number: int, fields: list[str]) -> bool:
        """Read one row. False: the file's footer begins here."""
        if fields[0].strip().lower().startswith(self.format.ends or ("\x00",)):
            return False
        self.number = number
        if len(fields) > len(self.names) and any(value.strip() for value in fields[len(self.names) :]):
            self.wrong(
                "row", ",".join(fields), f"has more values than the {len(self.names)} columns: check the commas."
            )
            return True
        self.cells = dict(zip(self.names, [*fields, *[""] * len(self.names)], strict=False))
        for column, values in self.format.only.items():
            if column in self.names and self.cells[column].strip().lower() not in values:
                self.left_out[f"{column} {self.cells[column].strip()}"] += 1
                return True
        before = len(self.mistakes)
        row = self._row()
        if row is not None and len(self.mistakes) == before:
            self.rows.append(row)
        return True

    def wrong(self, ours: str, value: str, fix: str) -> None:
        column = self.columns.get(ours) or ours
        self.mistakes.append(Mistake(row=self.number, column=column, value=value[:80], fix=fix))

    def cell(self, ours: str) -> str:
        return self.cells.get(self.columns.get(ours, ""), "").strip()

    def _row(self) -> Row | None:
        word = self.cell("type")
        kind = self.format.kind_of(word)
        if kind is None:
            known = ", ".join(dict.fromkeys(begins for begins, _ in self.format.kinds))
            self.wrong("type", word, f"is not a kind of transaction this format knows: use one of {known}.")
            return None
        if kind == base.IGNORE:
            self.left_out[word] += 1
            return None
        at, currency = self._at(), self.cell("currency")
        if currency.upper() not in ("", "USD"):
            self.wrong("currency", currency, "is not USD: only dollar transactions can be imported; leave it out.")
        amount, quantity = self._number("amount"), self._number("quantity")
        kind = self._directed(kind, quantity, amount)
        if at is None or kind is None:
            return None
        row = Row(
            line=self.number,
            kind=kind,
            at=at,
            stamp=self.cell("at"),
            source_id=self.cell("id"),
            note=self.cell("note")[:200],
        )
        if kind in SHARE_KINDS:
            return self._shares(row, quantity, amount)
        if kind == base.SPLIT:
            return self._split(row, quantity)
        return self._cash(row, amount)

    def _directed(self, kind: str, quantity: Decimal | None, amount: Decimal | None) -> str | None:
        """A trade is a buy or a sell, a transfer a deposit or a withdrawal."""
        if kind == base.TRADE:
            side = self.cell("side").lower()
            if side.startswith("buy"):
                return base.BUY
            if side.startswith("sell"):
                return base.SELL
            self.wrong("side", side, "is not a side: use buy or sell.")
            return None
        if kind == base.TRANSFER:
            return base.WITHDRAWAL if amount is not None and amount < ZERO else base.DEPOSIT
        return kind

    def _at(self) -> datetime | None:
        """When it happened. A bare date is the close of that day, a time without a zone New York's."""
        text = self.cell("at").partition(" as of ")[0]
        found: datetime | None = None
        for shape in self.format.dates:
            try:
                found = datetime.strptime(text, shape)  # noqa: DTZ007  exports write no zone; it gets one below
            except ValueError:
                continue
            break
        if found is None:
            try:
                found = datetime.fromisoformat(text)
            except ValueError:
                self.wrong("at", text, "is not a date: use 2026-11-20, or 2026-11-20T14:30:00Z with a time.")
                return None
        only_date = found.time() == time.min and ":" not in text
        if only_date:
            found = datetime.combine(found.date(), CLOSE)
        at = found if found.tzinfo else found.replace(tzinfo=EXCHANGE_ZONE)
        if not 1900 < at.year < 9999:
            self.wrong("at", text, "is out of range: give a year after 1900.")
            return None
        today = self.now.astimezone(EXCHANGE_ZONE).date()
        if (only_date and at.date() > today) or (not only_date and at > self.now):
            self.wrong("at", text, "is in the future: only what has happened can be imported.")
            return None
        return min(at, self.now).astimezone(UTC)

    def _number(self, ours: str) -> Decimal | None:
        """A number as exports write it: `-$1,234.50`, `($5.00)`; None when the cell is empty or wrong."""
        text = self.cell(ours)
        if text in ("", "--"):
            return None
        bare = CLEAN.sub("", text)
        negative = bare.startswith("(") and bare.endswith(")")
        try:
            number = Decimal(bare.strip("()"))
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) >= LARGEST:
            self.wrong(ours, text, "is not a number: use digits such as 1234.50.")
            return None
        if number != number.quantize(NANO):
            self.wrong(ours, text, "has more than 9 decimal places: round it.")
            return None
        return -number if negative else number

    def _symbol(self) -> str:
        symbol = self.cell("symbol").upper()
        if not re.fullmatch(r"[A-Z0-9][A-Z0-9./-]{0,19}", symbol):
            self.wrong("symbol", symbol, "is not a symbol: give one such as AAPL.")
        return symbol

    def _fee(self) -> Decimal:
        return abs(cents((self._number("fee") or ZERO) + (self._number("fee2") or ZERO)))

    def _shares(self, row: Row, quantity: Decimal | None, amount: Decimal | None) -> Row | None:
        price, fee = self._number("price"), self._fee()
        row = replace(row, symbol=self._symbol())
        quantity = abs(quantity) if quantity is not None else ZERO
        if not quantity:
            self.wrong("quantity", self.cell("quantity"), "is missing: give the number of shares, above 0.")
            return None
        if price is not None and price <= ZERO:
            self.wrong("price", self.cell("price"), "is not a price: give dollars per share above 0.")
            return None
        value = _value(row.kind, amount, fee, signed=self.format.signed)
        if price is None and value is None:
            self.wrong("price", "", "is missing: give the price per share, or the amount.")
            return None
        if price is None:
            price = nano((value or ZERO) / quantity)
        if value is None or row.kind == base.OPENING:
            value = cents(quantity * price)
        if value <= ZERO or price <= ZERO:
            self.wrong("amount", self.cell("amount"), "is too small for a trade: give at least a cent.")
            return None
        if abs(value - quantity * price) > CENT + value * ROUNDED:
            fix = f"does not fit: {plain(quantity)} x {plain(price)} is {plain(cents(quantity * price))}; correct one."
            self.wrong("amount", self.cell("amount"), fix)
            return None
        return replace(row, quantity=quantity, price=price, value=value, fee=fee)

    def _split(self, row: Row, quantity: Decimal | None) -> Row | None:
        row = replace(row, symbol=self._symbol())
        text = self.cell("ratio")
        if text:
            found = RATIO.fullmatch(text)
            new, old = (int(found[1]), int(found[2])) if found else (0, 0)
            if not new or not old or new == old:
                self.wrong("ratio", text, "is not a ratio: use 10:1 (ten new shares for an old one).")
                return None
            return replace(row, ratio=(new, old))
        if not quantity:
            self.wrong("ratio", "", "is missing: give the ratio such as 10:1, or the shares received as the quantity.")
            return None
        return replace(row, quantity=quantity)

    def _cash(self, row: Row, amount: Decimal | None) -> Row | None:
        if amount is None or not amount or amount % CENT:
            self.wrong("amount", self.cell("amount"), "is not an amount: give dollars other than 0, to the cent.")
            return None
        if not self.format.signed:
            if amount < ZERO and row.kind != base.INTEREST:
                self.wrong("amount", self.cell("amount"), "is negative: the type says which way the money goes.")
                return None
            amount = -amount if row.kind in (base.WITHDRAWAL, base.FEE) else amount
        elif (row.kind == base.DEPOSIT and amount < ZERO) or (row.kind == base.WITHDRAWAL and amount > ZERO):
            amount = -amount
        symbol = self._symbol() if self.cell("symbol") not in ("", "--") and row.kind == base.DIVIDEND else ""
        return replace(row, value=amount, symbol=symbol)


def _value(kind: str, amount: Decimal | None, fee: Decimal, *, signed: bool) -> Decimal | None:
    """What the shares themselves cost or brought: the amount less the fee that is in it."""
    if amount is None or not amount:
        return None
    whole = abs(amount)
    if not signed:
        return cents(whole)
    return cents(whole - fee) if kind == base.BUY else cents(whole + fee)


def _identified(rows: list[Row], format: str) -> list[Row]:
    """Every row with the id it is booked under: the file's own, or its content and how often that occurred before."""
    seen: Counter[str] = Counter()
    named = []
    for row in rows:
        if row.source_id:
            name = f"{format}:{row.source_id}"
            name = name if len(name) <= 64 else f"{format}:{hashlib.sha256(name.encode()).hexdigest()[:40]}"
        else:
            facts = (row.kind, row.stamp, row.symbol, *map(plain, (row.quantity, row.value, row.fee)))
            digest = hashlib.sha256("|".join(facts).encode()).hexdigest()[:40]
            seen[digest] += 1
            name = f"{digest}:{seen[digest]}"
        named.append(replace(row, source_id=name))
    return named
