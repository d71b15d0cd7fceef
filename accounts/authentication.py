"""API authentication besides JWT: personal tokens and the site's session."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication, SessionAuthentication


class PersonalTokenAuthentication(BaseAuthentication):
    """`Authorization: Token pfl_…`."""


class SiteSessionAuthentication(SessionAuthentication):
    """The site's session, with CSRF."""
