"""Request rates, kept in the cache. They are a courtesy limit: without the cache the API goes on without them."""

from __future__ import annotations

import logging
from typing import Any

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

log = logging.getLogger(__name__)


class UserRate(UserRateThrottle):
    """Requests of one user."""

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as error:
            # The kill switch must work while Redis is down.
            log.warning("request rate not counted: %s", error)
            return True


class StrangerRate(AnonRateThrottle):
    """Requests of one address that is not signed in. Wrong passwords are counted in PostgreSQL, by django-axes."""

    def allow_request(self, request: Request, view: Any) -> bool:
        try:
            return super().allow_request(request, view)
        except (RedisError, OSError) as error:
            log.warning("request rate not counted: %s", error)
            return True
