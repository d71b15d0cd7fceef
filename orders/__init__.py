"""Order intents, orders and fills: the only room with a key to brokers."""
