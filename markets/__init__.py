"""Instruments, quotes, bars, calendars, feeds and the pure fill model."""
