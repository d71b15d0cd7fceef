"""Journeys at other times: real processes with moved clocks, on a database that knows no other time."""
