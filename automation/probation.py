"""When a rule has been watched in shadow, and whether what it showed is enough to let it trade. Plain Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

Span = tuple[datetime, datetime]
LEAST_TRADES = 3
LEAST_DAYS = 5
# An edit of one of these makes another rule of it: what the old one showed says nothing about the new one.
REMAKES = frozenset(
    {
        "trigger_type",
        "trigger_params",
        "conditions",
        "instrument_id",
        "portfolio_id",
        "action_type",
        "quantity",
        "amount_usd",
        "percent_of_position",
        "percent_of_equity",
        "order_type",
        "limit_price",
        "limit_offset",
        "stop_price",
    }
)
AUTO, ACTIVE = "auto", "active"


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One version: when, and {field: [old, new]}."""

    at: datetime
    changes: Mapping[str, Sequence[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """Since when the rule is what it is now, and the spans in which it was active and not automatic."""

    since: datetime
    spans: tuple[Span, ...]


def watched(
    edits: Iterable[Edit],
    *,
    made_at: datetime,
    until: datetime,
    remakes: frozenset[str] = REMAKES,
    auto: str = AUTO,
) -> Watched:
    """Read it off the versions, oldest first. `until`: now, or when the rule ended.

    It begins anew when the rule is made another one (an edit of `remakes`) and when it comes back from `auto`.
    """
    since, spans = made_at, list[Span]()
    mode, status = "", ACTIVE
    opened: datetime | None = None
    for edit in edits:
        made = edit.changes.get("created", [None, {}])[1] or {}
        before = mode
        mode = _new(edit.changes, "mode") or made.get("mode") or mode
        status = _new(edit.changes, "status") or made.get("status") or status
        if remakes & edit.changes.keys() or (before == auto and mode != auto):
            since, spans, opened = edit.at, [], None
        watching = mode != auto and status == ACTIVE
        if watching and opened is None:
            opened = edit.at
        elif not watching and opened is not None:
            spans.append((opened, edit.at))
            opened = None
    if opened is not None and until > opened:
        spans.append((opened, until))
    return Watched(since=since, spans=tuple(spans))


def _new(changes: Mapping[str, Sequence[Any]], field: str) -> str:
    change = changes.get(field)
    return str(change[1]) if change else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One trading session of the rule's exchange."""

    opens_at: datetime
    closes_at: datetime


def clipped(spans: Sequence[Span], sessions: Sequence[Session]) -> tuple[int, list[Span]]:
    """How many sessions (in order) were watched at least in part, and the watched parts of them."""
    parts: list[Span] = []
    days = first = 0
    for session in sessions:
        while first < len(spans) and spans[first][1] <= session.opens_at:
            first += 1
        count = len(parts)
        for start, end in spans[first:]:
            if start >= session.closes_at:
                break
            parts.append((max(start, session.opens_at), min(end, session.closes_at)))
        days += len(parts) > count
    return days, parts


@dataclass(frozen=True, kw_only=True, slots=True)
class Lack:
    """Why evidence is thin: a code for programs, a sentence for people."""

    code: str
    message: str


def lacks(
    *, trades: int, days: int, result: Decimal | None, gaps: int, fires_at_most: int | None = None
) -> tuple[Lack, ...]:
    """What is missing before a rule should trade on its own; empty when nothing is.

    `result` in dollars after costs, None when it cannot be told. `fires_at_most`: the rule's own maximum.
    """
    found = []
    if trades < LEAST_TRADES:
        text = f"It has made {trades} of at least {LEAST_TRADES} shadow trades."
        if fires_at_most is not None and fires_at_most < LEAST_TRADES:
            text += f" It may fire {fires_at_most} time{'s' * (fires_at_most != 1)} at most: allow more to see more."
        found.append(Lack(code="FEW_TRADES", message=text))
    if days < LEAST_DAYS:
        found.append(Lack(code="FEW_DAYS", message=f"It was watched on {days} of at least {LEAST_DAYS} trading days."))
    if result is None and trades:
        found.append(Lack(code="RESULT_UNKNOWN", message="Its result is not known: the symbol has no price."))
    if result is not None and result < 0:
        found.append(Lack(code="NEGATIVE_RESULT", message=f"It would have lost ${-result:,.2f} after costs."))
    if gaps:
        text = f"There {'was 1 gap' if gaps == 1 else f'were {gaps} gaps'} in the data meanwhile."
        found.append(Lack(code="DATA_GAPS", message=text))
    return tuple(found)
