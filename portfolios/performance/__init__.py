"""How a portfolio did: the curve, the ledger and stored closes read and measured (see docs/performance.md)."""
