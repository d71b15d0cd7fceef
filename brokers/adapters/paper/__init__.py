"""The embedded paper broker: an exchange in the same PostgreSQL."""
