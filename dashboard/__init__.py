"""HTML pages; owns no model."""
