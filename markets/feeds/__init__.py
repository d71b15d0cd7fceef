"""Sources of ticks: one file per source."""
