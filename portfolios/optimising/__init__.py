"""Weights that a history of prices would have favoured, as proposals for a goal (see docs/performance.md)."""
