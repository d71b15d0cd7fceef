"""Who can think for the agent: one file per provider, one port."""
