"""Webhooks in: a rule's own secret address, called from outside."""
