"""What every part of a draft reads with."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.models import User
from automation.lookups import Lookups
from automation.models import Action
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader, shown
from common.errors import InvalidInput
from markets.models import Instrument
from portfolios.models import Portfolio


class Part:
    """The raw action, the fields read so far, and what was wrong with them."""

    portfolio: Portfolio | None
    instrument: Instrument | None

    def __init__(
        self,
        *,
        user: User,
        raw: Mapping[str, Any],
        now: datetime,
        editing: Action | None = None,
        lookups: Lookups | None = None,
    ) -> None:
        self.user, self.now, self.editing = user, now, editing
        self.lookups = lookups or Lookups(user)
        try:
            self.read = Reader(raw, "a field of an action")
        except BadParams:
            raise InvalidInput({"body": f"must be an object, not {shown(raw)}"}) from None
        self.fields: dict[str, Any] = {}
        self.errors = self.read.errors

    def _unchanged(self, field: str, value: Any) -> bool:
        """Whether an edit leaves this field, and the instrument it is about, as they were."""
        old = self.editing
        same_symbol = old is not None and old.instrument_id == (self.instrument.symbol if self.instrument else None)
        return old is not None and same_symbol and getattr(old, field) == value

    def _required_choice(self, key: str, choices: Any) -> str | None:
        value = self.read.take(key)
        options = list(choices)
        if not isinstance(value, str):
            self.errors[key] = f"is required: use {' or '.join(options)}"
            return None
        if value not in options:
            near = difflib.get_close_matches(value, options, n=1)
            hint = f"did you mean {near[0]}?" if near else f"use {' or '.join(options)}"
            self.errors[key] = f"{shown(value)} is not known: {hint}"
            return None
        return value

    def _text(self, key: str, length: int) -> str:
        value = self.read.take(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.errors[key] = f"{shown(value)} is not a text"
            return ""
        if len(value) > length:
            self.errors[key] = f"is {len(value)} characters long: at most {length} are kept"
        if not storable(value):
            self.errors[key] = "contains a NUL character or half of a surrogate pair: remove it"
        return value


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold it."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
