"""Importing a rules file: all of it or nothing, and every mistake named with its row and field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from automation import lifecycle
from automation.drafts import Draft
from automation.explaining import warnings_of
from automation.lookups import Lookups
from automation.models import Action
from automation.sentences import sentence
from automation.transfer.reading import LARGEST, BadText, check_depth, read_text
from automation.transfer.shape import FORMAT, KEEPING, VERSION, entry_of, fields_of, goal_name
from automation.transfer.writing import LIVING
from automation.triggers.reading import shown
from common.errors import InvalidInput

MOST_RULES = 2_000


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is wrong in one row (the first rule of the file is row 1), by field, with the value and the fix."""

    row: int
    field: str
    message: str


class BadRules(InvalidInput):
    """Nothing was imported. `mistakes` holds every mistake, `errors` the same by "row 3 quantity"."""

    code = "bad_file"

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        self.extra = {"mistakes": [vars(mistake) for mistake in mistakes]}
        errors: dict[str, str | list[str]] = {}
        for mistake in mistakes:
            errors[f"row {mistake.row} {mistake.field}"] = mistake.message
        super().__init__(errors)


@dataclass(frozen=True, kw_only=True)
class ImportedRow:
    """What became, or would become, of one row. `same_as`: what it repeats, an active rule or an earlier row."""

    row: int
    ref: str
    name: str
    sentence: str
    status: str
    mode: str
    portfolio: str
    warnings: tuple[str, ...]
    same_as: str = ""
    skipped: bool = False
    action: Action | None = None


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """`created` and `skipped` count rows; with `dry_run` nothing was written."""

    dry_run: bool
    created: int
    skipped: int
    rows: tuple[ImportedRow, ...]


@dataclass(slots=True)
class _Row:
    fields: dict[str, Any]
    entry: dict[str, Any]
    same_as: str = ""


def import_rules(
    *,
    user: User,
    now: datetime,
    actor: str,
    text: str | None = None,
    document: Any = None,
    format: str = "",
    dry_run: bool = False,
    skip_existing: bool = False,
    most: int = MOST_RULES,
    largest: int = LARGEST,
) -> ImportReport:
    """Create the rules of a file, given as `text` or already read as `document`. They are armed at once.

    An import always makes new rules. One that is equal to a rule that may still fire, or to an earlier row, is told
    as a warning, and left out with `skip_existing`. Raises BadText, or BadRules with every mistake; then nothing has
    changed.
    """
    if text is not None:
        document = read_text(text, format=format, largest=largest)
    else:
        check_depth(document)
    raws = _rules_in(document, most)
    rows = _checked(user, raws, now)
    _compare(user, rows)
    chosen = [row for row in rows if not (skip_existing and row.same_as)]
    made: dict[int, Action] = {}
    if not dry_run and chosen:
        actions = lifecycle.create_many(user=user, drafts=[row.fields for row in chosen], now=now, actor=actor)
        made = {id(row): action for row, action in zip(chosen, actions, strict=True)}
    trials = [made.get(id(row)) or Action(user=user, created_at=now, updated_at=now, **row.fields) for row in rows]
    warnings = warnings_of(trials, now=now)
    return ImportReport(
        dry_run=dry_run,
        created=len(chosen),
        skipped=len(rows) - len(chosen),
        rows=tuple(
            _told(number, row, trial, made.get(id(row)), told, skip_existing)
            for number, (row, trial, told) in enumerate(zip(rows, trials, warnings, strict=True), start=1)
        ),
    )


def _rules_in(document: Any, most: int) -> list[Any]:
    """The rules of a document with the right header."""
    if not isinstance(document, Mapping):
        raise BadText(f'must be an object with "format", "version" and "rules", not {shown(document)}')
    problems = {}
    if document.get("format") != FORMAT:
        problems["format"] = f"{shown(document.get('format'))} is not {FORMAT!r}: is it a file of rules?"
    if str(document.get("version")) != str(VERSION):
        problems["version"] = f"{shown(document.get('version'))} is not known: this Puffling reads version {VERSION}"
    rules = document.get("rules")
    if not isinstance(rules, list) or not rules:
        problems["rules"] = f"{shown(rules)} is not a list of rules"
    elif len(rules) > most:
        problems["rules"] = f"has {len(rules):,} rules; at most {most:,} are read at once: split it"
    for name in document.keys() - {"format", "version", "rules"}:
        problems[str(name)] = "is not a part of a rules file: leave it out"
    if problems:
        raise InvalidInput(problems)
    return list(document["rules"])


def _checked(user: User, raws: list[Any], now: datetime) -> list[_Row]:
    """Every row as a checked draft. Raises BadRules with all that is wrong in any of them."""
    lookups = Lookups(user)
    lookups.preload(_symbols(raws))
    rows: list[_Row] = []
    mistakes: list[Mistake] = []
    for number, raw in enumerate(raws, start=1):
        try:
            rows.append(_row(user, raw, lookups, now))
        except InvalidInput as bad:
            mistakes += [Mistake(row=number, field=field, message=" ".join(m)) for field, m in bad.errors.items()]
    if mistakes:
        raise BadRules(mistakes)
    return rows


def _symbols(raws: list[Any]) -> set[str]:
    given = (raw.get("symbol") for raw in raws if isinstance(raw, Mapping))
    return {symbol.strip().upper() for symbol in given if isinstance(symbol, str) and symbol.strip()}


def _row(user: User, raw: Any, lookups: Lookups, now: datetime) -> _Row:
    if not isinstance(raw, Mapping):
        raise InvalidInput({"rule": f"must be an object, not {shown(raw)}"})
    given = dict(raw)
    errors: dict[str, str | list[str]] = {}
    ref, status = given.pop("ref", None), given.pop("status", None)
    if ref is not None and not isinstance(ref, str):
        errors["ref"] = f"{shown(ref)} is not a text: leave it out, it is worked out anew"
    if status is not None and status not in KEEPING:
        errors["status"] = f"{shown(status)} is not a status to begin with: use {' or '.join(KEEPING)}"
    name = given.pop("portfolio", None)
    portfolio = lookups.named(name) if isinstance(name, str) else lookups.primary() if name is None else None
    if portfolio is not None:
        given["portfolio"] = str(portfolio.id)
    elif name is not None:
        given["portfolio"] = "?"  # what is held in another one is not to be complained about
        names = ", ".join(repr(known.name) for known in lookups.portfolios)
        errors["portfolio"] = f"{shown(name)} is not the name of one of your portfolios: you have {names or 'none'}"
    try:
        fields = Draft(user=user, raw=given, now=now, lookups=lookups).check()
    except InvalidInput as bad:
        raise InvalidInput({**bad.errors, **errors}) from None
    if errors or portfolio is None:
        raise InvalidInput(errors)
    status = str(status or KEEPING[0])
    goal = next((one.name for one in lookups.goals(portfolio) if one.pk == fields["goal_id"]), "")
    entry = entry_of(fields, portfolio=portfolio.name, status=status, goal=goal)
    return _Row(fields={**fields, "status": status}, entry=entry)


def _compare(user: User, rows: list[_Row]) -> None:
    """Say of each row what it repeats."""
    known: dict[str, str] = {}
    alike = {f"{name}__in": {row.fields[name] for row in rows} - {None} for name in ("action_type", "trigger_type")}
    symbols = {row.fields["instrument_id"] for row in rows} - {None}
    mine = Action.objects.filter(Q(instrument__in=symbols) | Q(instrument=None), user=user, status__in=LIVING, **alike)
    for action in mine.select_related("portfolio", "goal").order_by("created_at", "id").iterator():
        entry = entry_of(
            fields_of(action), portfolio=action.portfolio.name, status=action.status, goal=goal_name(action)
        )
        known.setdefault(entry["ref"], f"your rule {action.id}")
    for number, row in enumerate(rows, start=1):
        row.same_as = known.get(row.entry["ref"], "")
        known.setdefault(row.entry["ref"], f"row {number}")


def _told(
    number: int, row: _Row, trial: Action, made: Action | None, warnings: tuple[str, ...], skip: bool
) -> ImportedRow:
    same = (f"The same as {row.same_as}.",) if row.same_as else ()
    return ImportedRow(
        row=number,
        ref=row.entry["ref"],
        name=trial.name,
        sentence=sentence(trial),
        status=row.entry["status"],
        mode=trial.mode,
        portfolio=row.entry["portfolio"],
        warnings=same + warnings,
        same_as=row.same_as,
        skipped=skip and bool(row.same_as),
        action=made,
    )
