"""Portfolios, the append-only ledger, lots and holdings."""
