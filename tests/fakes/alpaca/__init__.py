"""A fake Alpaca that speaks the real wire on loopback."""

from tests.fakes.alpaca.news import FakeNews, article

__all__ = ["FakeNews", "article"]
