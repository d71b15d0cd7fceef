"""Rebalance runs: a goal's plan carried out as a row that the workers claim, sells first, then buys."""
