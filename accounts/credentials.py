"""Keys of other services, kept encrypted: written once, shown never (only their last four characters).

AES-256-GCM under the first key of the ring `PUFFLING_FIELD_KEYS`; the older ones only decrypt. Owner, kind and name
are authenticated with the ciphertext, so that a row moved to somebody else, or to another service, does not decrypt.

A user has one key per service; of what a room above keeps several (where alerts go), each has a `name` of its own.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from datetime import datetime

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction

from accounts.models import Credential, User
from common.errors import Conflict, InvalidInput, NotFound

NONCE_BYTES = 12
SHORTEST, LONGEST = 8, 4096
NAMED = (Credential.Kind.CHANNEL, Credential.Kind.HOOK)  # kept by rooms above, one for each thing they name
KEYS = tuple(kind for kind in Credential.Kind.values if kind not in NAMED)  # one per user and service


class Unreadable(Conflict):
    """The stored secret cannot be decrypted: the key is gone from the ring, or the row was moved or changed."""

    code = "credential_unreadable"


def store(*, user: User, kind: str, secret: str, now: datetime) -> Credential:
    """Keep a secret, replacing the user's former one of this kind. Raises InvalidInput, or Conflict without keys."""
    secret = secret.strip()
    if not _plausible(secret):
        raise InvalidInput({"secret": f"It must have {SHORTEST} to {LONGEST} plain characters: copy it again."})
    if kind not in KEYS:
        raise InvalidInput({"kind": f"{kind!r} is not known: use {', '.join(KEYS)}."})
    return keep(user=user, kind=kind, secret=secret, now=now)


@transaction.atomic
def store_pair(*, user: User, kinds: tuple[str, str], key: str, secret: str, now: datetime) -> None:
    """Keep a key and its secret, which belong together: both or none. Raises InvalidInput naming `key`, `secret`."""
    given = {"key": key.strip(), "secret": secret.strip()}
    wrong = [name for name, text in given.items() if not _plausible(text)]
    if wrong:
        text = f"It must have {SHORTEST} to {LONGEST} plain characters: copy it again."
        raise InvalidInput(dict.fromkeys(wrong, text))
    for kind, text in zip(kinds, given.values(), strict=True):
        store(user=user, kind=kind, secret=text, now=now)


@transaction.atomic
def forget_pair(*, user: User, kinds: tuple[str, str]) -> None:
    """Delete both. Raises NotFound when there is neither."""
    if not Credential.objects.filter(user=user, kind__in=kinds, name="").delete()[0]:
        raise NotFound("There are no such keys of yours.")


def keep(*, user: User, kind: str, secret: str, now: datetime, name: str = "") -> Credential:
    """`store` for what another room has checked, under a name of its own. Raises Conflict without keys."""
    written = {**_sealed(user.pk, kind, name, secret), "last_four": secret[-4:], "updated_at": now}
    credential, _ = Credential.objects.update_or_create(
        user=user, kind=kind, name=name, defaults=written, create_defaults={**written, "created_at": now}
    )
    return credential


def reveal(*, user_id: int, kind: str, name: str = "") -> str:
    """The secret itself, for the one adapter that needs it. Raises NotFound, Unreadable."""
    credential = Credential.objects.filter(user_id=user_id, kind=kind, name=name).first()
    if credential is None:
        raise NotFound(f"There is no {kind} key of yours: add it in the settings.")
    return _opened(credential)


def has(*, user_id: int, kind: str) -> bool:
    """Whether the user keeps a secret of this kind."""
    return Credential.objects.filter(user_id=user_id, kind=kind).exists()


def forget(*, user: User, kind: str, name: str = "") -> None:
    """Delete it. Raises NotFound."""
    if not Credential.objects.filter(user=user, kind=kind, name=name).delete()[0]:
        raise NotFound(f"There is no {kind} key of yours.")


def rotate(*, now: datetime) -> int:
    """Encrypt everything that is under an older key under the first one. Returns how many; Unreadable stops it."""
    current = key_id(_ring()[0])
    moved = 0
    for credential in Credential.objects.exclude(key_id=current).order_by("pk"):
        sealed = _sealed(credential.user_id, credential.kind, credential.name, _opened(credential))
        moved += Credential.objects.filter(pk=credential.pk, key_id=credential.key_id).update(**sealed, updated_at=now)
    return moved


def key_id(key: bytes) -> str:
    """A short name of a key that tells nothing about it."""
    return hashlib.sha256(b"puffling field key" + key).hexdigest()[:12]


def _plausible(secret: str) -> bool:
    return SHORTEST <= len(secret) <= LONGEST and secret.isascii() and secret.isprintable()


def _ring() -> Sequence[bytes]:
    keys = [base64.urlsafe_b64decode(key) for key in settings.CONFIG.field_keys]
    if not keys:
        raise Conflict("Secrets cannot be kept: PUFFLING_FIELD_KEYS is empty. `make run` makes a key by itself.")
    return keys


def _sealed(user_id: int, kind: str, name: str, secret: str) -> dict[str, object]:
    key = _ring()[0]
    nonce = os.urandom(NONCE_BYTES)
    return {
        "ciphertext": nonce + AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(user_id, kind, name)),
        "key_id": key_id(key),
    }


def _opened(credential: Credential) -> str:
    blob = bytes(credential.ciphertext)
    key = next((key for key in _ring() if key_id(key) == credential.key_id), None)
    if key is None:
        raise Unreadable(f"The key that encrypts your {credential.kind} secret is not in PUFFLING_FIELD_KEYS any more.")
    try:
        bound_to = _bound_to(credential.user_id, credential.kind, credential.name)
        return AESGCM(key).decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], bound_to).decode()
    except InvalidTag:
        raise Unreadable(f"Your {credential.kind} secret was changed or moved: enter it again.") from None


def _bound_to(user_id: int, kind: str, name: str) -> bytes:
    return (f"{user_id}:{kind}:{name}" if name else f"{user_id}:{kind}").encode()
