"""The pages, one module each. A view reads through a selector or makes one domain call, and redirects after a POST."""
