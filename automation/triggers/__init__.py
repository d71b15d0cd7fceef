"""One trigger, one file. Plain Python; see base.py."""
