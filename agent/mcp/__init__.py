"""MCP: the user's own assistant uses the agent's tools, within a token's scopes (modelcontextprotocol.io)."""
