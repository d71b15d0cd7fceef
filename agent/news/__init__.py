"""What the news says, read by a model that can do nothing else, or by a word list."""
