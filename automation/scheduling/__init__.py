"""Scheduled jobs: when they are due, that each time runs once, and what became of it."""
