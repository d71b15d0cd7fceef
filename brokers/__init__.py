"""One port to brokers, one module per broker."""
