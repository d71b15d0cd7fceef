"""What every test shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from markets import calendar


@pytest.fixture(autouse=True)
def fresh_calendar() -> Iterator[None]:
    """Look-ups of sessions are remembered per process: no test may see another one's."""
    calendar.forget()
    yield
    calendar.forget()
