"""What a split does to the orders that rest at the paper broker. Its executions stay what they were."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

# Prices and shares, rounded as watches.scaling.Scale does it. Whole-share instruments keep whole shares, rounded down.
RESCALE = """
UPDATE brokers_paperorder SET
    quantity = trunc(round(quantity * %(new)s / %(old)s, 9), %(places)s),
    filled_quantity = trunc(round(filled_quantity * %(new)s / %(old)s, 9), %(places)s),
    limit_price = round(limit_price * %(old)s / %(new)s, 9), stop_price = round(stop_price * %(old)s / %(new)s, 9),
    range_low = round(range_low * %(old)s / %(new)s, 9), range_high = round(range_high * %(old)s / %(new)s, 9)
WHERE client_order_id = ANY(%(ids)s) AND closed_at IS NULL
"""


def rescale(client_order_ids: Sequence[str], *, new: int, old: int, fractional: bool) -> None:
    """Carry these open orders over a split of `new` for `old` shares. Hold the account's lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            RESCALE, {"ids": list(client_order_ids), "new": new, "old": old, "places": 9 if fractional else 0}
        )
