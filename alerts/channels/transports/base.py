"""What a transport is: it sends one message to one target, or says why not and whether trying again can help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

Target = Mapping[str, str]  # checked: where it goes, and the keys for it


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent. `id` is the same for every try of the same message, so that a receiver can drop doubles."""

    id: UUID
    title: str
    text: str
    at: datetime
    critical: bool = False
    silent: bool = False
    digest: bool = False
    alerts: tuple[Mapping[str, Any], ...] = field(default_factory=tuple)  # JSON-safe, for programs


class SendError(Exception):
    """It was not sent, as far as we know. `permanent`: the same again would be refused again."""

    def __init__(self, text: str, *, permanent: bool = False, retry_after: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.permanent = permanent
        self.retry_after = retry_after  # seconds, when the remote said so


class Transport(Protocol):
    """One way to send."""

    kind: str
    keys: tuple[str, ...]  # what `read` takes besides `target`

    def read(self, given: Mapping[str, str], errors: dict[str, str]) -> dict[str, str]:
        """Check a target as a person writes it, offline. Complains in `errors` under the field's name."""

    def hint(self, target: Target) -> str:
        """What may be shown of the target: enough to know it again, too little to use it."""

    def send(self, target: Target, message: Message) -> str:
        """Send it; returns the remote's answer in a few words. Raises SendError."""
