"""Notice a price that jumped by the ratio of a common split while nobody announced one, and ask the people concerned.

Nothing is changed: the gate asks for approval of every order after such a jump anyway (PRICE_JUMP). One statement over
the quotes, seldom, beside the evaluation and never in its way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from automation.models import Action, ActionStatus
from common.money import plain
from portfolios.models import Holding

RATIOS = ((2, 1), (3, 1), (4, 1), (5, 1), (8, 1), (10, 1), (15, 1), (20, 1), (25, 1), (50, 1), (3, 2))
REVERSE = ((1, 2), (1, 3), (1, 4), (1, 5), (1, 8), (1, 10), (1, 15), (1, 20), (1, 25), (1, 30), (1, 50))
# How far from the ratio still is near it. 3:2 is a fall by a third, which a bad day can do: it must fit better.
NEAR = Decimal("0.06")
NEAR_SMALL = Decimal("0.02")
FRESH = timedelta(minutes=2)
JUMPS = """
SELECT q.symbol, q.prev_close, q.last, q.session_date, r.new, r.old
FROM markets_quote q
JOIN unnest(%(new)s::int[], %(old)s::int[], %(near)s::numeric[]) AS r (new, old, near)
  ON abs(q.last * r.new / (q.prev_close * r.old) - 1) <= r.near
WHERE q.received_at > %(fresh)s AND q.prev_close > 0 AND q.session_date IS NOT NULL
  AND (q.last < q.prev_close * 0.72 OR q.last > q.prev_close * 1.8)
  AND NOT EXISTS (
      SELECT 1 FROM markets_corporateaction c
      WHERE c.symbol = q.symbol AND c.kind = 'split' AND abs(c.ex_date - q.session_date) <= 1
  )
ORDER BY q.symbol, abs(q.last * r.new / (q.prev_close * r.old) - 1)
"""


def suspect_splits(now: datetime) -> int:
    """Ask about every such jump, each user once per symbol and day. Returns how many alerts were raised."""
    ratios = (*RATIOS, *REVERSE)
    params: dict[str, Any] = {
        "new": [new for new, _ in ratios],
        "old": [old for _, old in ratios],
        "near": [NEAR_SMALL if max(new, old) < 4 else NEAR for new, old in ratios],
        "fresh": now - FRESH,
    }
    with connection.cursor() as cursor:
        cursor.execute(JUMPS, params)
        rows = cursor.fetchall()
    found = {row[0]: row for row in reversed(rows)}  # the best fit of each symbol
    alerts = [alert for row in found.values() for alert in _alerts(*row)]
    return len(raise_alerts(alerts, now)) if alerts else 0


def _alerts(symbol: str, before: Decimal, last: Decimal, day: object, new: int, old: int) -> list[NewAlert]:
    holders = Holding.objects.filter(instrument=symbol, quantity__gt=0).values_list("portfolio__user", flat=True)
    rules = Action.objects.filter(instrument=symbol, status=ActionStatus.ACTIVE).values_list("user", flat=True)
    return [
        NewAlert(
            user_id=user_id,
            kind=Alert.Kind.DATA,
            severity=Alert.Severity.CRITICAL,
            title=f"Did {symbol} split {new}:{old}?",
            body=(
                f"It went from ${plain(before)} to ${plain(last)} since the previous close, close to a {new}:{old}"
                " split, and none was announced. Nothing was changed, and orders on it wait for your approval."
                " If it did split, ask an administrator to enter it: holdings, rules and open orders are then"
                " rescaled at once."
                " If it did not, it is a real move."
            ),
            symbol=symbol,
            data={"prev_close": plain(before), "last": plain(last), "new_shares": new, "old_shares": old},
            dedupe_key=f"split?:{symbol}:{day}",
        )
        for user_id in sorted({*holders, *rules})
    ]
