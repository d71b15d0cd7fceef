"""What a strategy or a goal would have done over stored bars. See docs/backtests.md."""
