"""What every test shares."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from markets import calendar

# In CI the same histories every time: a red run there is about the change, not about luck. Developers keep exploring.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("developer", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "developer")


@pytest.fixture(autouse=True)
def fresh_calendar() -> Iterator[None]:
    """Look-ups of sessions are remembered per process: no test may see another one's."""
    calendar.forget()
    yield
    calendar.forget()
