"""Users, personal tokens, one-time login links, socket tickets."""
