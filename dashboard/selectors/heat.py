"""Tables coloured by value: from a loss over nothing to a gain, in seven steps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

STEPS = 3


def heat_of(value: Decimal | None, most: Decimal) -> str:
    """The class of a cell: `loss3` to `loss1`, `even`, `gain1` to `gain3`; `most` is as strong as it gets."""
    if value is None:
        return ""
    if not value or not most:
        return "even"
    step = min(STEPS, int(abs(value) / most * STEPS) + 1)
    return f"{'gain' if value > 0 else 'loss'}{step}"


def heat_table(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Rows of two values each as a table: the first down, the second across; the cells are out of sample."""
    down = list(dict.fromkeys(row["values"][0] for row in rows))
    across = list(dict.fromkeys(row["values"][1] for row in rows))
    at = {tuple(row["values"]): row for row in rows}
    return {
        "down": names[0],
        "across": names[1],
        "heads": across,
        "rows": [(one, [at.get((one, other)) for other in across]) for one in down],
    }
