"""One folder per broker, with the same file names in each; the registry lists them."""
