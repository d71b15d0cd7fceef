"""Risk of what is held now, read from the database."""
