"""Stored keys of other services: encrypted, bound to owner and kind, rotated, never shown."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts import credentials
from accounts.credentials import Unreadable
from accounts.models import Credential, User
from common.clock import now
from common.errors import Conflict, InvalidInput, NotFound

pytestmark = pytest.mark.django_db
CANARY = "sk-ant-canary-4711-secret"


def key(letter: str) -> str:
    return base64.urlsafe_b64encode(letter.encode() * 32).decode()


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def use(*letters: str) -> None:
        keys = tuple(key(letter) for letter in letters)
        monkeypatch.setattr(settings, "CONFIG", replace(settings.CONFIG, field_keys=keys))

    use("a")
    return use


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann", password="pw-of-ann-123")


def kept(user: User, kind: str = "anthropic", secret: str = CANARY) -> Credential:
    return credentials.store(user=user, kind=kind, secret=secret, now=now())


def test_what_is_kept_comes_back_and_is_not_in_the_row(ring: Callable[..., None], ann: User) -> None:
    row = kept(ann)
    assert credentials.reveal(user_id=ann.pk, kind="anthropic") == CANARY
    assert CANARY.encode() not in bytes(row.ciphertext)
    assert row.last_four == "cret"
    again = kept(ann, secret=CANARY)
    assert bytes(again.ciphertext) != bytes(row.ciphertext), "a nonce of its own each time"
    assert Credential.objects.count() == 1


def test_a_moved_row_does_not_decrypt(ring: Callable[..., None], ann: User) -> None:
    kept(ann)
    bob = User.objects.create_user("bob", password="pw-of-bob-123")
    Credential.objects.update(user=bob)
    with pytest.raises(Unreadable):
        credentials.reveal(user_id=bob.pk, kind="anthropic")
    Credential.objects.update(user=ann, kind="openai")
    with pytest.raises(Unreadable):
        credentials.reveal(user_id=ann.pk, kind="openai")


def test_a_changed_byte_does_not_decrypt(ring: Callable[..., None], ann: User) -> None:
    row = kept(ann)
    blob = bytearray(bytes(row.ciphertext))
    blob[-1] ^= 1
    Credential.objects.update(ciphertext=bytes(blob))
    with pytest.raises(Unreadable):
        credentials.reveal(user_id=ann.pk, kind="anthropic")


def test_rotation(ring: Callable[..., None], ann: User) -> None:
    kept(ann)
    ring("b", "a")
    assert credentials.reveal(user_id=ann.pk, kind="anthropic") == CANARY, "the old key still opens"
    call_command("rotate_keys")
    ring("b")
    assert credentials.reveal(user_id=ann.pk, kind="anthropic") == CANARY
    assert credentials.rotate(now=now()) == 0


def test_a_lost_key_is_said_and_changes_nothing(ring: Callable[..., None], ann: User) -> None:
    row = kept(ann)
    ring("b")
    with pytest.raises(Unreadable, match="not in PUFFLING_FIELD_KEYS"):
        credentials.reveal(user_id=ann.pk, kind="anthropic")
    with pytest.raises(CommandError):
        call_command("rotate_keys")
    assert bytes(Credential.objects.get().ciphertext) == bytes(row.ciphertext)


def test_without_keys_nothing_is_kept(ring: Callable[..., None], ann: User) -> None:
    ring()
    with pytest.raises(Conflict, match="PUFFLING_FIELD_KEYS is empty"):
        kept(ann)


@pytest.mark.parametrize("secret", ["short", "with\nnewline-in-it", "ümlaute-sind-keine", "x" * 5000])
def test_what_is_no_key_is_refused(ring: Callable[..., None], ann: User, secret: str) -> None:
    with pytest.raises(InvalidInput):
        kept(ann, secret=secret)
    with pytest.raises(InvalidInput):
        kept(ann, kind="bank")


def test_the_api_never_shows_it(ring: Callable[..., None], ann: User) -> None:
    client = APIClient()
    client.force_authenticate(ann)
    answer = client.put("/api/auth/credentials/openai/", {"secret": CANARY}, format="json")
    assert answer.status_code == 200, answer.content
    listed = client.get("/api/auth/credentials/")
    assert [row["last_four"] for row in listed.json()["results"]] == ["cret"]
    assert CANARY not in answer.content.decode() + listed.content.decode()
    other = APIClient()
    other.force_authenticate(User.objects.create_user("bob", password="pw-of-bob-123"))
    assert other.get("/api/auth/credentials/").json()["results"] == []
    assert other.delete("/api/auth/credentials/openai/").status_code == 404
    assert client.delete("/api/auth/credentials/openai/").status_code == 204
    with pytest.raises(NotFound):
        credentials.reveal(user_id=ann.pk, kind="openai")
