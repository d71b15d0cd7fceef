"""Importing bars from CSV: all of the file or nothing, and every mistake named with its row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import IO
from zoneinfo import ZoneInfo

from django.db import transaction

from common.errors import InvalidInput
from markets.bars import DAY, IMPORTED, MINUTE, replace_bars
from markets.models import Instrument
from markets.types import LARGEST, SMALLEST, ZERO, BarRow

LARGEST_FILE = 20_000_000  # characters
MOST_ERRORS = 1000  # named ones; a file in the wrong format has one in every field
TIME_COLUMNS = ("date", "at", "time", "timestamp", "datetime")
PRICES = ("open", "high", "low", "close")
EXAMPLES = {DAY: "2026-11-20", MINUTE: "2026-11-20T14:30:00Z"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """One mistake: the line of the file (the header is 1), the column, what stands there, and how to put it right."""

    row: int
    column: str
    value: str
    fix: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.value!r} {self.fix}"


class BadFile(InvalidInput):
    """Nothing was imported. `mistakes` holds every mistake; `errors` the same by "row 3 high"."""

    code = "bad_file"

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        errors: dict[str, str | list[str]] = {}
        for mistake in mistakes[:MOST_ERRORS]:
            messages = errors.setdefault(f"row {mistake.row} {mistake.column}", [])
            if isinstance(messages, list):
                messages.append(f"{mistake.value!r} {mistake.fix}")
        if len(mistakes) > MOST_ERRORS:
            errors["file"] = f"{len(mistakes) - MOST_ERRORS} more mistakes: fix these first."
        super().__init__(errors)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportResult:
    """What was, or with `dry_run` would be, imported."""

    rows: int
    symbols: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    ignored_columns: tuple[str, ...]
    dry_run: bool


@dataclass(slots=True)
class _Reading:
    """A file being read: what is known so far."""

    timeframe: str
    source: str
    now: datetime
    symbols: Mapping[str, str]
    symbol: str | None
    zone: ZoneInfo | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    bars: dict[tuple[str, datetime], tuple[int, BarRow]] = field(default_factory=dict)

    def wrong(self, row: int, column: str, value: str, fix: str) -> None:
        self.mistakes.append(Mistake(row=row, column=column, value=value, fix=fix))


def import_bars_csv(
    *,
    content: str | IO[str],
    timeframe: str,
    now: datetime,
    symbol: str | None = None,
    source: str = IMPORTED,
    zone: ZoneInfo | None = None,
    dry_run: bool = False,
) -> ImportResult:
    """Import bars: columns date (or at), open, high, low, close, optional volume, and symbol unless given.

    Daily bars carry the session's date (2026-11-20), minute bars the start with its time zone (2026-11-20T14:30:00Z),
    or without one when `zone` says in which they are. Imported minute bars are kept for good: their source is `csv`,
    or `csv:` and the name given. Bars that are stored already are replaced, so importing a file twice changes nothing.
    Raises BadFile with every mistake; nothing is written then.
    """
    if timeframe not in EXAMPLES:
        raise InvalidInput({"timeframe": f"{timeframe!r} cannot be imported: use 1d or 1m."})
    text = content if isinstance(content, str) else content.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise InvalidInput({"file": f"The file has more than {LARGEST_FILE // 1_000_000} MB: split it by date."})
    known = {name.upper(): name for name in Instrument.objects.values_list("symbol", flat=True)}
    given = symbol.strip().upper() if symbol else None
    if given and given not in known:
        raise InvalidInput({"symbol": f"{symbol!r} is not a known instrument: create it first."})
    kept = source if source.startswith(IMPORTED) else f"{IMPORTED}:{source}"
    reading = _Reading(timeframe=timeframe, source=kept[:20], now=now, symbols=known, symbol=given, zone=zone)
    ignored = _read(reading, text)
    if reading.mistakes:
        raise BadFile(reading.mistakes)
    rows = [bar for _, bar in reading.bars.values()]
    if not rows:
        raise InvalidInput({"file": "The file has a header but no rows: nothing to import."})
    if not dry_run:
        with transaction.atomic():
            replace_bars(rows)
    return ImportResult(
        rows=len(rows),
        symbols=tuple(sorted({row.symbol for row in rows})),
        first=min(row.at for row in rows),
        last=max(row.at for row in rows),
        ignored_columns=ignored,
        dry_run=dry_run,
    )


def _read(reading: _Reading, text: str) -> tuple[str, ...]:
    """Read every row into `reading`; returns the names of the columns nobody asked for."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = next(lines, None)
    if not header:
        raise InvalidInput({"file": "The file is empty: the first row must name the columns date,open,high,low,close."})
    names = [name.strip().lower() for name in header]
    time_column = next((name for name in TIME_COLUMNS if name in names), "")
    needed = [*PRICES, *(() if reading.symbol else ("symbol",))]
    for name in needed:
        if name not in names:
            reading.wrong(1, name, ",".join(header), f"has no column {name!r}: add it.")
    if not time_column:
        reading.wrong(1, "date", ",".join(header), "has no column 'date' (or 'at'): add it.")
    for name in {name for name in names if name and names.count(name) > 1}:
        reading.wrong(1, name, ",".join(header), f"has the column {name!r} twice: remove one.")
    if reading.mistakes:
        return ()
    for number, fields in _numbered(lines, reading):
        if len(fields) != len(names):
            fix = f"has {len(fields)} values where the header has {len(names)} columns: check the commas."
            reading.wrong(number, "row", ",".join(fields), fix)
        else:
            _read_row(reading, number, dict(zip(names, fields, strict=True)), time_column)
    used = {*needed, time_column, "symbol", "volume"}
    return tuple(name for name in names if name not in used)


def _numbered(lines: Iterator[list[str]], reading: _Reading) -> Iterator[tuple[int, list[str]]]:
    """(row, fields) of every row that is not empty; a row the csv module cannot read is a mistake."""
    number = 1
    while True:
        number += 1
        try:
            fields = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            reading.wrong(number, "row", "", f"cannot be read as CSV ({error}): check the quotes.")
            return
        if any(value.strip() for value in fields):
            yield number, fields


def _read_row(reading: _Reading, number: int, row: dict[str, str], time_column: str) -> None:
    before = len(reading.mistakes)
    symbol = reading.symbol or _symbol(reading, number, row)
    at = _time(reading, number, row[time_column].strip(), time_column)
    prices = {name: _number(reading, number, name, row[name], smallest=SMALLEST) for name in PRICES}
    volume = _number(reading, number, "volume", row["volume"], smallest=ZERO) if row.get("volume", "").strip() else ZERO
    opened, high, low, close = prices["open"], prices["high"], prices["low"], prices["close"]
    if opened is None or high is None or low is None or close is None:
        return
    if high < low:
        reading.wrong(number, "high", row["high"], f"is below the low {row['low']}: swap or correct them.")
    elif high < max(opened, close):
        reading.wrong(number, "high", row["high"], "is below the open or the close: correct it.")
    elif low > min(opened, close):
        reading.wrong(number, "low", row["low"], "is above the open or the close: correct it.")
    if len(reading.mistakes) > before or symbol is None or at is None or volume is None:
        return
    twin = reading.bars.get((symbol, at))
    if twin:
        reading.wrong(
            number, time_column, row[time_column], f"is there twice for {symbol} (row {twin[0]}): remove one."
        )
        return
    bar = BarRow(
        symbol=symbol,
        timeframe=reading.timeframe,
        at=at,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        source=reading.source,
    )
    reading.bars[symbol, at] = (number, bar)


def _symbol(reading: _Reading, number: int, row: dict[str, str]) -> str | None:
    symbol = reading.symbols.get(row["symbol"].strip().upper())
    if symbol is None:
        reading.wrong(number, "symbol", row["symbol"], "is not a known instrument: correct it, or create it first.")
    return symbol


def _number(reading: _Reading, number: int, column: str, text: str, *, smallest: Decimal) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        reading.wrong(number, column, text, "is not a number: write it like 1234.50, without thousands separators.")
        return None
    if not value.is_finite():
        reading.wrong(number, column, text, "is not a finite number: correct it, or leave the row out.")
    elif value < smallest:
        fix = "is negative: use 0 or more." if smallest == 0 else "is not above 0: correct it, or leave the row out."
        reading.wrong(number, column, text, fix)
    elif value >= LARGEST:
        reading.wrong(number, column, text, "is too large: correct it.")
    else:
        return value
    return None


def _time(reading: _Reading, number: int, text: str, column: str) -> datetime | None:
    at = _day(reading, number, text, column) if reading.timeframe == DAY else _minute(reading, number, text, column)
    if at is not None and at > reading.now:
        reading.wrong(number, column, text, "is in the future: bars must have begun.")
        return None
    return at


def _day(reading: _Reading, number: int, text: str, column: str) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        fix = f"is not a date like {EXAMPLES[DAY]}: daily bars carry the exchange's date, without a time or time zone."
        reading.wrong(number, column, text, fix)
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _minute(reading: _Reading, number: int, text: str, column: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        reading.wrong(number, column, text, f"is not a time like {EXAMPLES[MINUTE]}: correct it.")
        return None
    if at.tzinfo is None:
        problem = f"has no time zone: write UTC as in {EXAMPLES[MINUTE]}, add an offset, or say --timezone."
        if reading.zone is not None:
            at, problem = _in_zone(at, reading.zone)
        if problem:
            reading.wrong(number, column, text, problem)
            return None
    if at.second or at.microsecond or at.utcoffset() is None or (at.utcoffset() or timedelta(0)) % timedelta(minutes=1):
        reading.wrong(number, column, text, "is not the start of a minute: seconds must be 00.")
        return None
    return at.astimezone(UTC)


def _in_zone(at: datetime, zone: ZoneInfo) -> tuple[datetime, str]:
    """A wall-clock time of `zone` with its offset; and what is wrong with it where the clocks change."""
    local = at.replace(tzinfo=zone)
    utc = local.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) != at:
        return local, f"does not exist in {zone.key}: the clocks were put forward over it."
    if local.replace(fold=1).astimezone(UTC) != utc:
        return local, f"comes twice in {zone.key}, where the clocks were put back: add an offset such as -04:00."
    return local, ""
