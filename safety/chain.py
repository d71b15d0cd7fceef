"""How the entries of an audit log hang together: the bytes that are hashed. Plain Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64  # what the first entry of a chain follows
GLOBAL = "global"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Something to be kept for ever. `data` is JSON without floats: decimals, ids and times as text."""

    at: datetime
    kind: str
    subject: str
    actor: str
    source: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def user_chain(user_id: int | None) -> str:
    """The chain of a user's limits and switches; everybody's for None."""
    return GLOBAL if user_id is None else f"user:{user_id}"


def portfolio_chain(portfolio_id: object) -> str:
    """The chain of what happens to a portfolio's orders."""
    return f"portfolio:{portfolio_id}"


def canonical(chain: str, seq: int, line: Line, prev_hash: str) -> bytes:
    """The bytes of an entry: the same however it was stored meanwhile. Times in UTC to the microsecond."""
    at = line.at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [chain, seq, at, line.actor, line.source, line.kind, line.subject, line.data, prev_hash]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(chain: str, seq: int, line: Line, prev_hash: str) -> str:
    """The SHA-256 of an entry, in hexadecimal."""
    return hashlib.sha256(canonical(chain, seq, line, prev_hash)).hexdigest()
