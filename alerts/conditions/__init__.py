"""What an alert waits for, one kind per file."""
