"""What a person says about themselves: the name they are shown by, their address, their time zone, their password.

Who they are was asked before (the session); a change of the password asks for the old one again, in
`safety.policies.confirm_password`, which counts the wrong ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import User
from common.errors import InvalidInput

LONGEST_NAME = 60


def change_profile(*, user: User, data: Mapping[str, str]) -> User:
    """`data`: name, email, time_zone; what is left out stays. Raises InvalidInput for each field."""
    errors: dict[str, str] = {}
    name = data.get("name", user.first_name).strip()
    if len(name) > LONGEST_NAME or not name.isprintable():
        errors["name"] = f"{name[:40]!r}: write one line of at most {LONGEST_NAME} characters."
    email = data.get("email", user.email).strip()
    if email and not _is_address(email):
        errors["email"] = f"{email[:40]!r} is not an e-mail address: write one like ann@example.com."
    zone = data.get("time_zone", user.time_zone).strip()
    if zone not in available_timezones():
        errors["time_zone"] = f"{zone[:40]!r} is not a time zone: use a name like America/New_York."
    if errors:
        raise InvalidInput(errors)
    user.first_name, user.email, user.time_zone = name, email, zone
    user.save(update_fields=["first_name", "email", "time_zone"])
    return user


def set_new_password(*, user: User, password: str, again: str) -> None:
    """A new password; every other session and every refresh token ends with the old one. Raises InvalidInput."""
    if password != again:
        raise InvalidInput({"again": "This is not the same as the new password: type it twice alike."})
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput({"new_password": error.messages}) from None
    _keep(user, password)


def end_other_sessions(*, user: User, password: str) -> None:
    """End every session and refresh token that began before. `password` is the user's own, already confirmed.

    Sessions are signed with the stored hash: the same password under a new salt ends them all.
    """
    _keep(user, password)


def _keep(user: User, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
