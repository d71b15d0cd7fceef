"""One strategy, one file: from bars to signals. Plain Python and numpy."""
