"""Importing the history of transactions from a broker's export or our own CSV (docs/importing.md)."""
