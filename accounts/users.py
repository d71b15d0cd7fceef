"""The person behind a request."""

from __future__ import annotations

from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from accounts.models import User


def user_of(request: Request) -> User:
    """The signed-in user; NotAuthenticated (401) if there is none."""
    if isinstance(request.user, User):
        return request.user
    raise NotAuthenticated
