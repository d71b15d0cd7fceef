"""Tell people what a split or a dividend did to what is theirs: one alert each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation.corporate.rules import Changed
from common.money import plain
from markets.models import CorporateAction
from orders.rescaling import Rescaled
from portfolios.models import LedgerEntry, Portfolio

SHOWN = 20  # lines of an alert


def tell_split(
    row: CorporateAction,
    *,
    entries: Sequence[LedgerEntry],
    orders: Sequence[Rescaled],
    rules: Sequence[Changed],
    now: datetime,
) -> None:
    """One alert per user, with a line per holding, order and rule."""
    lines: dict[int, list[str]] = defaultdict(list)
    review: set[int] = set()
    owners = dict(
        Portfolio.objects.filter(pk__in={entry.portfolio_id for entry in entries}).values_list("pk", "user_id")
    )
    for entry in entries:
        change = f"{'+' if entry.quantity > 0 else ''}{plain(entry.quantity)} shares"
        paid = f", ${plain(entry.amount)} in lieu of a fraction" if entry.amount else ""
        lines[owners[entry.portfolio_id]].append(f"Your holding: {change}{paid}; its cost is the same.")
    for one in orders:
        deal = f"{one.order.side} {plain(one.order.quantity or one.order.filled_quantity)} {row.instrument_id}"
        what = "was cancelled: less than a share was left of it." if one.gone else "was rescaled."
        lines[one.user_id].append(f"Your open order to {deal} {what}")
    for changed in rules:
        user_id = changed.action.user_id
        lines[user_id].append(f"Your rule now says: {changed.words}.")
        if changed.review:
            review.add(user_id)
            lines[user_id].append("It was paused, because less than one share was left to trade: look at its size.")
    raise_alerts(
        [
            NewAlert(
                user_id=user_id,
                kind=Alert.Kind.NOTE,
                severity=Alert.Severity.WARNING if user_id in review else Alert.Severity.INFO,
                title=f"{row.instrument_id} {row.words}: {len(told)} of your numbers were rescaled",
                body="\n".join(told[:SHOWN] + ([f"… and {len(told) - SHOWN} more."] if len(told) > SHOWN else [])),
                symbol=row.instrument_id,
                data={"corporate_action": row.pk},
                dedupe_key=f"corporate:{row.key}",
            )
            for user_id, told in lines.items()
        ],
        now,
    )


def tell_dividend(row: CorporateAction, entry: LedgerEntry, *, now: datetime) -> None:
    portfolio = Portfolio.objects.get(pk=entry.portfolio_id)
    alert = NewAlert(
        user_id=portfolio.user_id,
        kind=Alert.Kind.NOTE,
        title=f"{row.instrument_id} paid ${plain(entry.amount)} into {portfolio.name}",
        body=f"{row.words.capitalize()}: {entry.note}.",
        symbol=row.instrument_id,
        data={"corporate_action": row.pk, "portfolio": str(portfolio.pk)},
        dedupe_key=f"corporate:{row.key}:{portfolio.pk}",
    )
    raise_alerts([alert], now)
