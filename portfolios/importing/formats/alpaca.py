"""Alpaca account activities as CSV: the fields of `GET /v2/account/activities` as columns, under their own names."""

from __future__ import annotations

from portfolios.importing.formats import base

FORMAT = base.Format(
    name="alpaca",
    title="Alpaca account activities",
    known_by=frozenset({"activity_type", "id"}),
    columns={
        "at": ("transaction_time", "date"),
        "type": ("activity_type",),
        "symbol": ("symbol",),
        "quantity": ("qty",),
        "price": ("price",),
        "amount": ("net_amount",),
        "side": ("side",),
        "id": ("id",),
        "note": ("description",),
    },
    kinds=(
        ("fill", base.TRADE),
        ("divnra", base.DIVIDEND),
        ("divft", base.DIVIDEND),
        ("div", base.DIVIDEND),
        ("csd", base.DEPOSIT),
        ("csw", base.WITHDRAWAL),
        ("jnlc", base.TRANSFER),
        ("trans", base.TRANSFER),
        ("int", base.INTEREST),
        ("fee", base.FEE),
        ("cfee", base.FEE),
        ("split", base.SPLIT),
        ("spl", base.SPLIT),
    ),
    checked="field names from Alpaca's OpenAPI description of account activities; not tried on a customer's file",
)
