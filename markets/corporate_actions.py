"""Splits and dividends as they are announced: entering, correcting and forgetting them, and which are due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from common.errors import Conflict, InvalidInput, NotFound
from common.money import ZERO
from markets.models import CorporateAction, Instrument

NEW_YORK = ZoneInfo("America/New_York")
SPLIT = CorporateAction.Kind.SPLIT.value
CASH_DIVIDEND = CorporateAction.Kind.CASH_DIVIDEND.value
LARGEST_RATIO = 10_000
LARGEST_DIVIDEND = Decimal(100_000)
EARLIEST = date(1900, 1, 1)


def begins(ex_date: date) -> datetime:
    """When an ex-date begins: midnight in New York."""
    return datetime.combine(ex_date, time.min, NEW_YORK).astimezone(UTC)


def record(
    *,
    symbol: str,
    kind: str,
    ex_date: date,
    now: datetime,
    new_shares: int | None = None,
    old_shares: int | None = None,
    amount: Decimal | None = None,
    source: str = "",
) -> CorporateAction:
    """Enter a split (`new_shares` for `old_shares`) or a dividend (`amount` dollars a share); again corrects it.

    Raises InvalidInput naming each field, Conflict when it has been applied with other numbers.
    """
    wrong = problems(kind=kind, ex_date=ex_date, new_shares=new_shares, old_shares=old_shares, amount=amount)
    known = symbol.strip().upper()
    if not Instrument.objects.filter(pk=known).exists():
        wrong["symbol"] = f"{symbol!r} is not a known instrument: check the symbol, or create it first."
    if wrong:
        raise InvalidInput(wrong)
    values: dict[str, object] = {"new_shares": new_shares, "old_shares": old_shares, "amount": amount}
    with transaction.atomic():
        row = (
            CorporateAction.objects.select_for_update().filter(instrument_id=known, kind=kind, ex_date=ex_date).first()
        )
        if row is None:
            return _create(known, kind, ex_date, values, source, now)
        if all(getattr(row, name) == value for name, value in values.items()):
            return row
        if row.applied_at is not None:
            raise Conflict(
                f"{row} was applied on {row.applied_at:%Y-%m-%d}: what it did is in the books. Undo it with one in the"
                " other direction, then enter the right one.",
                code="already_applied",
            )
        for name, value in values.items():
            setattr(row, name, value)
        row.source = source[:40] or row.source
        row.save()
        return row


def _create(
    symbol: str, kind: str, ex_date: date, values: dict[str, object], source: str, now: datetime
) -> CorporateAction:
    try:
        with transaction.atomic():
            return CorporateAction.objects.create(
                instrument_id=symbol,
                kind=kind,
                ex_date=ex_date,
                source=source[:40],
                effective_at=begins(ex_date),
                created_at=now,
                **values,
            )
    except IntegrityError as error:
        raise Conflict("The same was entered at this very moment: look at it, then enter it again.") from error


def problems(
    *, kind: str, ex_date: date, new_shares: int | None, old_shares: int | None, amount: Decimal | None
) -> dict[str, str | list[str]]:
    """What is wrong with the numbers of a corporate action, by field; empty if nothing."""
    wrong: dict[str, str | list[str]] = {}
    if ex_date < EARLIEST:
        wrong["ex_date"] = f"{ex_date} is too early: give a date from {EARLIEST} on."
    if kind == SPLIT:
        for name, number in (("new_shares", new_shares), ("old_shares", old_shares)):
            if number is None or not 1 <= number <= LARGEST_RATIO:
                wrong[name] = f"{number} is not a number of shares from 1 to {LARGEST_RATIO}: 10:1 is 10 and 1."
        if not wrong and new_shares == old_shares:
            wrong["new_shares"] = f"{new_shares}:{old_shares} splits nothing: give a ratio such as 10:1."
        if amount is not None:
            wrong["amount"] = "A split pays nothing: leave the amount out."
    elif kind == CASH_DIVIDEND:
        if amount is None or not amount.is_finite() or not ZERO < amount < LARGEST_DIVIDEND:
            wrong["amount"] = f"{amount} is not an amount per share: give dollars above 0 such as 0.25."
        if new_shares is not None or old_shares is not None:
            wrong["new_shares"] = "A dividend has no ratio: leave it out."
    else:
        wrong["kind"] = f"{kind!r} is not known: use split or cash_dividend."
    return wrong


def forget(action_id: int) -> None:
    """Remove one that was entered by mistake. NotFound; Conflict once it has been applied."""
    with transaction.atomic():
        row = CorporateAction.objects.select_for_update().filter(pk=action_id).first()
        if row is None:
            raise NotFound(f"There is no corporate action {action_id}.")
        if row.applied_at is not None:
            raise Conflict(f"{row} has been applied: what it did is in the books.", code="already_applied")
        row.delete()


def due(now: datetime) -> list[CorporateAction]:
    """Those that have taken effect and are not applied yet, the oldest first."""
    rows = CorporateAction.objects.filter(applied_at__isnull=True, effective_at__lte=now)
    return list(rows.order_by("effective_at", "id"))


def splits_of(symbols: list[str]) -> list[CorporateAction]:
    """The applied splits of these symbols, oldest first."""
    rows = CorporateAction.objects.filter(instrument__in=symbols, kind=SPLIT, applied_at__isnull=False)
    return list(rows.order_by("effective_at", "id"))
