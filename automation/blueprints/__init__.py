"""One blueprint, one file: a few rules ready to fill in. Plain Python; see base.py."""
