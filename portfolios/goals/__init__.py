"""Goals of portfolios as rows: changing them, reading them with the book, and the API."""
