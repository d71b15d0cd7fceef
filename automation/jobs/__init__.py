"""What a scheduled job does: one file per type."""
