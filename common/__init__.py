"""Money, clock, ids, errors, enqueue-after-commit: knows nobody."""
