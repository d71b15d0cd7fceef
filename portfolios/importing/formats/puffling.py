"""Our own CSV (docs/importing.md): everything can be said in it."""

from __future__ import annotations

from portfolios.importing.formats import base

FORMAT = base.Format(
    name="puffling",
    title="Puffling",
    known_by=frozenset({"type", "symbol", "quantity", "price", "amount"}),
    columns={
        "at": ("date", "at", "time", "datetime"),
        "type": ("type",),
        "symbol": ("symbol",),
        "quantity": ("quantity",),
        "price": ("price",),
        "amount": ("amount",),
        "fee": ("fee",),
        "currency": ("currency",),
        "id": ("external_id", "id"),
        "note": ("note",),
        "ratio": ("ratio",),
    },
    kinds=tuple(
        (kind, kind)
        for kind in (
            base.BUY,
            base.SELL,
            base.DEPOSIT,
            base.WITHDRAWAL,
            base.DIVIDEND,
            base.INTEREST,
            base.FEE,
            base.SPLIT,
            base.OPENING,
        )
    ),
    signed=False,
    checked="our own",
)
