"""How a signed call is proved genuine and fresh. Plain Python.

`Puffling-Signature` and `Puffling-Timestamp` (seconds) are those Puffling signs with what it sends (`common.signing`).
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from common.signing import signature

WINDOW = timedelta(minutes=5)


def problem_with(*, key: str, stamp: str, given: str, body: bytes, now: datetime) -> str:
    """Why a call is not believed; empty when it is. Compares in constant time."""
    if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 11:
        return "Puffling-Timestamp is missing or not a number of seconds"
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > WINDOW:
        return "Puffling-Timestamp is more than five minutes off"
    if not hmac.compare_digest(given.encode("utf-8", "replace"), signature(key, stamp, body).encode()):
        return "Puffling-Signature is wrong"
    return ""


def fingerprint(*, nonce: str, stamp: str, body: bytes) -> str:
    """What makes two calls the same: the nonce if there is one, else the signed time and the body."""
    return hashlib.sha256(b"nonce\0" + nonce.encode() if nonce else stamp.encode() + b"\0" + body).hexdigest()
