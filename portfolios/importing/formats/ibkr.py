"""Interactive Brokers Flex query, section Trades, CSV with a header: `DateTime` as `20260115;093000` (New York).

A trades section has no dividends or deposits: write those in our own format. Only stocks (`AssetClass` STK) are read;
rows of other classes are left out and counted.
"""

from __future__ import annotations

from portfolios.importing.formats import base

FORMAT = base.Format(
    name="ibkr",
    title="Interactive Brokers Flex trades",
    known_by=frozenset({"tradeprice", "ibcommission", "symbol", "quantity"}),
    columns={
        "at": ("datetime", "date/time", "tradedate"),
        "type": ("buy/sell",),
        "symbol": ("symbol",),
        "quantity": ("quantity",),
        "price": ("tradeprice",),
        "fee": ("ibcommission",),
        "currency": ("currencyprimary",),
        "id": ("ibexecid", "tradeid", "transactionid"),
        "note": ("description",),
    },
    kinds=(("buy", base.BUY), ("sell", base.SELL)),
    dates=("%Y%m%d;%H%M%S", "%Y-%m-%d;%H:%M:%S", "%Y%m%d", "%Y-%m-%d, %H:%M:%S"),
    only={"assetclass": ("stk", "")},
    checked="field names as in public Flex parsers and their sample files; not tried on a customer's file",
)
