"""Which adapter serves which kind of account. A new broker is a folder in `adapters/` and a line here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from brokers.adapters.paper.adapter import PaperBroker
from brokers.models import BrokerAccount
from brokers.port import Broker
from common.clock import now

Clock = Callable[[], datetime]
Factory = Callable[[BrokerAccount, Clock], Broker]

_factories: dict[str, Factory] = {}


def register(kind: str, factory: Factory) -> None:
    """List an adapter. Raises ValueError when the kind is taken."""
    if kind in _factories:
        raise ValueError(f"broker kind {kind!r} is registered twice")
    _factories[kind] = factory


def kinds() -> frozenset[str]:
    """Every kind that can be opened."""
    return frozenset(_factories)


def broker_for(account: BrokerAccount, *, clock: Clock = now) -> Broker:
    """The broker of one account. `clock` is what the embedded broker takes for the time. Raises LookupError."""
    try:
        factory = _factories[account.kind]
    except KeyError:
        raise LookupError(
            f"account {account.id} is of kind {account.kind!r}; known kinds are {', '.join(sorted(_factories))}"
        ) from None
    return factory(account, clock)


register(BrokerAccount.Kind.PAPER, PaperBroker)
