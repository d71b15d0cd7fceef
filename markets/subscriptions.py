"""Which symbols the feeds listen to: the union of what every room asks for."""

from __future__ import annotations

from collections.abc import Callable

from markets.watchlists import watched

Provider = Callable[[], set[str]]

_providers: dict[str, Provider] = {"watchlists": watched}


def register(name: str, provider: Provider) -> None:
    """Add a provider of symbols (`automation`: armed watches, `portfolios`: holdings …), asked about every second.

    A provider is one cheap query. Raises ValueError when another one already has the name.
    """
    if _providers.setdefault(name, provider) is not provider:
        raise ValueError(f"A subscription provider named {name!r} is already registered: choose another name.")


def wanted() -> set[str]:
    """Every symbol that somebody needs quotes for, now."""
    symbols: set[str] = set()
    for provider in _providers.values():
        symbols |= provider()
    return symbols


def names() -> list[str]:
    """The registered providers, for the doctor."""
    return sorted(_providers)
