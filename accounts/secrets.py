"""Random secrets of which only a hash is stored."""

from __future__ import annotations

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """A secret of 256 random bits, URL-safe."""
    return prefix + secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is stored. A plain SHA-256 is enough: the secret is random, so there is nothing to guess.

    Looking a secret up by this hash takes the same time whatever part of a wrong guess is right.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
