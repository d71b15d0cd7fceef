"""Fidelity, Activity & Orders → Download (`Accounts_History.csv`): blank lines first, a disclaimer after the rows.

The action is a sentence (`YOU BOUGHT APPLE INC (AAPL) (Cash)`). Two spellings of the money columns are about.
"""

from __future__ import annotations

from portfolios.importing.formats import base

FORMAT = base.Format(
    name="fidelity",
    title="Fidelity account history",
    known_by=frozenset({"run date", "action", "symbol"}),
    columns={
        "at": ("run date",),
        "type": ("action",),
        "symbol": ("symbol",),
        "quantity": ("quantity",),
        "price": ("price ($)", "price"),
        "amount": ("amount ($)", "amount"),
        "fee": ("commission ($)", "commission"),
        "fee2": ("fees ($)", "fees"),
        "currency": ("currency",),
        "note": ("description", "security description"),
    },
    kinds=(
        ("you bought", base.BUY),
        ("you sold", base.SELL),
        ("reinvestment", base.BUY),
        ("dividend received", base.DIVIDEND),
        ("long-term cap gain", base.DIVIDEND),
        ("short-term cap gain", base.DIVIDEND),
        ("foreign tax paid", base.DIVIDEND),
        ("interest earned", base.INTEREST),
        ("electronic funds transfer", base.TRANSFER),
        ("direct deposit", base.TRANSFER),
        ("direct debit", base.TRANSFER),
        ("wire transfer", base.TRANSFER),
        ("check received", base.TRANSFER),
        ("fee charged", base.FEE),
        ("stock split", base.SPLIT),
    ),
    dates=("%m/%d/%Y", "%m-%d-%Y", "%b-%d-%Y"),
    ends=("the data and information", "date downloaded", "brokerage services are provided"),
    checked="header variants and words as in several public importers; not tried on a customer's file",
)
