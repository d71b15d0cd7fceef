"""The arithmetic of performance and risk: plain Python and numpy, floats, no database (see docs/performance.md)."""
