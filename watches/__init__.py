"""The crossing engine: tell OWNER when SERIES crosses LEVEL."""
