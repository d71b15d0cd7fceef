"""What is pushed to browsers: per-user numbered events and the WebSocket consumers."""
