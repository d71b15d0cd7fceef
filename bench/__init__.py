"""Benchmarks: `python -m bench [--quick] [name …]`. They print tables and write JSON; they assert nothing."""
