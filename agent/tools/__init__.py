"""What the agent can look at and propose: one file per tool. None reaches switches, policies, keys or the network."""
