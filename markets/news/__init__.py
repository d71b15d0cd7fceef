"""News: where it comes from, and what a user has been shown of it."""
