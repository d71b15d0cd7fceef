"""Charles Schwab, History → Export → CSV: newest first, `MM/DD/YYYY`, sometimes `… as of …`, a total at the end."""

from __future__ import annotations

from portfolios.importing.formats import base

FORMAT = base.Format(
    name="schwab",
    title="Charles Schwab transactions",
    known_by=frozenset({"date", "action", "symbol", "fees & comm", "amount"}),
    columns={
        "at": ("date",),
        "type": ("action",),
        "symbol": ("symbol",),
        "quantity": ("quantity",),
        "price": ("price",),
        "amount": ("amount",),
        "fee": ("fees & comm",),
        "note": ("description",),
    },
    kinds=(
        ("buy", base.BUY),
        ("sell", base.SELL),
        ("reinvest shares", base.BUY),
        ("reinvest dividend", base.DIVIDEND),
        ("qual div reinvest", base.DIVIDEND),
        ("cash dividend", base.DIVIDEND),
        ("qualified dividend", base.DIVIDEND),
        ("non-qualified div", base.DIVIDEND),
        ("special dividend", base.DIVIDEND),
        ("pr yr cash div", base.DIVIDEND),
        ("nra tax adj", base.DIVIDEND),
        ("foreign tax paid", base.DIVIDEND),
        ("bank interest", base.INTEREST),
        ("credit interest", base.INTEREST),
        ("margin interest", base.INTEREST),
        ("moneylink", base.TRANSFER),
        ("wire", base.TRANSFER),
        ("funds received", base.TRANSFER),
        ("funds paid", base.TRANSFER),
        ("journal", base.TRANSFER),
        ("service fee", base.FEE),
        ("adr mgmt fee", base.FEE),
        ("misc cash entry", base.TRANSFER),
        ("stock split", base.SPLIT),
    ),
    dates=("%m/%d/%Y",),
    ends=("transactions total",),
    checked="header and words as in several public importers and their sample files; not tried on a customer's file",
)
