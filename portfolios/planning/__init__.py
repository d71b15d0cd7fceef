"""Drift and the planner: what a portfolio is, what its goal wants, and the trades between them. Plain Python."""
