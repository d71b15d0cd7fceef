"""`manage.py rotate_keys`: encrypt every stored secret under the newest key of PUFFLING_FIELD_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import credentials
from common.clock import now
from common.errors import PufflingError


class Command(BaseCommand):
    help = (
        "Encrypt every stored key of another service under the first key of PUFFLING_FIELD_KEYS. Put the new key in "
        "front, run this, then take the old key out. Exit code 1 when something cannot be decrypted: nothing is lost."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            moved = credentials.rotate(now=now())
        except PufflingError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{moved} secrets are under the newest key now.")
