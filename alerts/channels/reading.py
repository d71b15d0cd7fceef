"""Read a channel as a person or program writes it: every error at once, each naming field, value and fix."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from alerts.channels.queueing import DEFAULT
from alerts.channels.transports.registry import TRANSPORTS
from alerts.models import Alert, AlertChannel
from common.errors import InvalidInput
from common.reading import BadParams, Reader, clock_time, shown

NAME_LENGTH = 80
VERBOSITIES = tuple(AlertChannel.Verbosity.values)
TARGET_FIELDS = ("target", "token")
A_DAY, A_WEEK = 1_440, 10_080  # minutes
NUMBERS = {  # name -> (default, least, most)
    "flood_count": (10, 1, 1_000),
    "flood_minutes": (10, 1, A_DAY),
    "digest_minutes": (60, 1, A_WEEK),
    "repeat_most": (10, 1, 100),
}
FIELDS = ("name", "kind", "enabled", "verbosity", "quiet_from", "quiet_until", "time_zone", "repeat_minutes", *NUMBERS)


def read_channel(raw: Mapping[str, Any], *, zone: str, kept: str = "") -> tuple[dict[str, Any], dict[str, str] | None]:
    """The columns of a checked channel, and its target if one is given. `kept` is the kind of one that has a target.

    Raises InvalidInput.
    """
    read = Reader(raw, "a field of a channel")
    fields: dict[str, Any] = {
        "name": _name(read),
        "kind": _kind(read, kept),
        "enabled": read.flag("enabled", default=True),
        "verbosity": _verbosity(read),
        "quiet_from": _clock(read, "quiet_from"),
        "quiet_until": _clock(read, "quiet_until"),
        "time_zone": read.zone("time_zone", default=zone),
        "repeat_minutes": read.integer("repeat_minutes", default=0, at_least=0, at_most=A_DAY) or None,
        **{
            name: read.integer(name, default=default, at_least=least, at_most=most)
            for name, (default, least, most) in NUMBERS.items()
        },
    }
    if (fields["quiet_from"] is None) != (fields["quiet_until"] is None) and not read.errors:
        read.errors["quiet_until"] = "and quiet_from belong together: give both, or neither"
    target = _target(read, fields["kind"], kept)
    try:
        read.done()
    except BadParams as bad:
        raise InvalidInput(bad.errors) from None
    return fields, target


def _name(read: Reader) -> str:
    name = read.text("name", required_hint="say what you call it, such as my phone") or ""
    if len(name) > NAME_LENGTH or (name and not name.isprintable()):
        read.errors["name"] = f"{shown(name)} cannot be used: write one line of at most {NAME_LENGTH} characters"
    return name


def _kind(read: Reader, kept: str) -> str:
    given = read.take("kind")
    known = " or ".join(TRANSPORTS)
    if given is None:
        read.errors["kind"] = f"is required: {known}"
    elif not isinstance(given, str) or given not in TRANSPORTS:
        read.errors["kind"] = f"{shown(given)} is not known: use {known}"
    elif kept and given != kept:
        read.errors["kind"] = f"{shown(given)} is another kind than {kept}: make a new channel"
    else:
        return given
    return ""


def _verbosity(read: Reader) -> dict[str, str]:
    given = read.take("verbosity")
    if given is None:
        return {}
    kinds = (DEFAULT, *Alert.Kind.values)
    if not isinstance(given, Mapping):
        read.errors["verbosity"] = f'{shown(given)} is not an object such as {{"default": "digest", "fill": "on"}}'
        return {}
    for kind, value in given.items():
        if kind not in kinds:
            read.errors[f"verbosity.{shown(kind)}"] = f"is no kind of alert: use {', '.join(kinds)}"
        elif value not in VERBOSITIES:
            read.errors[f"verbosity.{kind}"] = f"{shown(value)} is not known: use {' or '.join(VERBOSITIES)}"
    return {str(kind): str(value) for kind, value in given.items()}


def _clock(read: Reader, key: str) -> time | None:
    text = read.text(key, required_hint="write a time such as 22:00", default="")
    if not text:
        return None
    found = clock_time(text[:5] if text[5:] == ":00" else text)  # 22:00:00 is how we write it
    if found is None:
        read.errors[key] = f"{shown(text)} is not a time: write HH:MM such as 22:00"
    return found


def _target(read: Reader, kind: str, kept: str) -> dict[str, str] | None:
    """The checked target; None when an edit leaves it as it is."""
    given: dict[str, str] = {}
    for name in TARGET_FIELDS:
        text = read.text(name, required_hint="write where it sends", default="")
        if text:
            given[name] = text
    if not kind:
        return None
    transport = TRANSPORTS[kind]
    if "token" in given and "token" not in transport.keys:
        read.errors["token"] = f"is not for channels of kind {kind}: leave it out"
    if not given and kept:
        return None
    if "target" not in given:
        read.errors.setdefault("target", "is required: write where it sends (with a new token, again)")
        return None
    errors: dict[str, str] = {}
    target = transport.read(given, errors)
    read.errors.update({name: f"{shown(_masked(given.get(name, '')))} {text}" for name, text in errors.items()})
    return target


def _masked(text: str) -> str:
    """An address in an error message: it may be a secret that was mistyped."""
    return text if len(text) <= 24 else f"{text[:16]}…{text[-4:]}"
