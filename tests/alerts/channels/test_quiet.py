from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from alerts.channels.quiet import quiet_until


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "begins", "ends", "until"),
    [
        # New York, UTC-5: 22:00 to 07:00 is 03:00 to 12:00 UTC
        ("2026-11-20T02:59:59", "22:00", "07:00", None),
        ("2026-11-20T03:00", "22:00", "07:00", "2026-11-20T12:00"),
        ("2026-11-20T11:59:59", "22:00", "07:00", "2026-11-20T12:00"),
        ("2026-11-20T12:00", "22:00", "07:00", None),
        # within a day
        ("2026-11-20T17:30", "12:00", "13:00", "2026-11-20T18:00"),
        ("2026-11-20T18:00", "12:00", "13:00", None),
        # equal: always
        ("2026-11-20T18:00", "08:00", "08:00", "2026-11-21T13:00"),
        # spring forward, 2027-03-14 02:00 -> 03:00: 07:00 is at UTC-4; an end that does not exist is an hour later
        ("2027-03-14T05:00", "22:00", "07:00", "2027-03-14T11:00"),
        ("2027-03-14T06:30", "22:00", "02:30", "2027-03-14T07:30"),
        ("2027-03-14T07:30", "22:00", "02:30", None),
        # fall back, 2026-11-01 02:00 -> 01:00: the first 01:30 ends it, and it does not begin again
        ("2026-11-01T05:15", "22:00", "01:30", "2026-11-01T05:30"),
        ("2026-11-01T06:15", "22:00", "01:30", None),
        ("2026-11-01T05:15", "01:00", "07:00", "2026-11-01T12:00"),
    ],
)  # fmt: skip
def test_quiet_hours(now: str, begins: str, ends: str, until: str | None) -> None:
    found = quiet_until(
        at(now), begins=time.fromisoformat(begins), ends=time.fromisoformat(ends), zone="America/New_York"
    )
    assert found == (at(until) if until else None)


def test_without_hours_it_is_never_quiet() -> None:
    assert quiet_until(at("2026-11-20T03:00"), begins=None, ends=None, zone="UTC") is None
