"""One file per way to send. Adding one is a file, a line in the registry, a kind in `AlertChannel.Kind`, a test."""
