"""Splits and dividends, applied to everything at once when they take effect."""
