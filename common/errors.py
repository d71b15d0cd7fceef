"""The errors a domain function may raise; the API turns each into problem JSON (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PufflingError(Exception):
    """Base: `code` is stable for programs, the message is for people and says what to do."""

    status = 400
    code = "error"
    # Extension members of the problem (RFC 9457 §3.2): JSON a program needs to go on, beside what a person reads.
    extra: Mapping[str, Any] = {}

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code:
            self.code = code


class InvalidInput(PufflingError):
    """What was given cannot be used. `errors` maps each field (dotted for nested keys) to value and fix."""

    status = 400
    code = "invalid"

    def __init__(self, errors: Mapping[str, str | list[str]]) -> None:
        self.errors = {field: [m] if isinstance(m, str) else list(m) for field, m in errors.items()}
        super().__init__("; ".join(f"{field}: {' '.join(messages)}" for field, messages in self.errors.items()))


class NotFound(PufflingError):
    """It does not exist, or it is not yours: the two look the same on purpose."""

    status = 404
    code = "not_found"


class Conflict(PufflingError):
    """The thing is not in a state that allows this."""

    status = 409
    code = "conflict"
