"""The AI analyst: providers, tools, runs, budget, chat, MCP. It proposes; the gate and people decide."""
