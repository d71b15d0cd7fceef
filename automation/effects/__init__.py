"""One effect, one file: what an Action does when it fires."""
