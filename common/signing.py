"""How a webhook is signed, out and in: `v1=HMAC-SHA256(key, timestamp + "." + body)` in hex (RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac


def signature(key: str, stamp: str, body: bytes) -> str:
    """The value of a Puffling-Signature header; `stamp` is that of Puffling-Timestamp, in seconds."""
    return "v1=" + hmac.new(key.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
