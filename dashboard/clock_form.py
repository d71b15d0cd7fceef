"""When something runs: common choices, or a line of one's own, in a time zone."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.trigger_forms import choice, number

OWN = "own"
JOB_TIMES = [
    ("35 9 * * MON-FRI", "Every weekday at 09:35"),
    ("30 9 * * MON-FRI", "Every weekday at 09:30"),
    ("0 12 * * MON-FRI", "Every weekday at noon"),
    ("open+5m", "Trading days, 5 minutes after New York opens"),
    ("close-10m", "Trading days, 10 minutes before New York closes"),
    ("close", "Trading days, when New York closes"),
    ("*/15 9-15 * * MON-FRI", "Every 15 minutes, weekdays 9 to 16"),
    ("0 * * * *", "Every hour"),
    ("0 8 * * *", "Every day at 08:00"),
    ("0 9 * * MON", "Every Monday at 09:00"),
    ("0 9 1 * *", "On the first of each month at 09:00"),
    (OWN, "Another time: a line of my own"),
]
STRATEGY_TIMES = [
    ("", "At each closed bar (usual)"),
    ("35 9 * * MON-FRI", "Every weekday at 09:35"),
    ("0 16 * * MON-FRI", "Every weekday at 16:00"),
    ("0 9 * * MON", "Every Monday at 09:00"),
    ("0 9 1 * *", "On the first of each month at 09:00"),
    (OWN, "Another time: a line of my own"),
]
CRON_HELP = (
    "Five fields: minute hour day month weekday. 30 9 * * MON-FRI is 09:30 on weekdays; L is the last day of a month, "
    "MON#1 its first Monday"
)
JOB_HELP = f"{CRON_HELP}. Or 15:55, open+5m, close-10m"
ZONES = (
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London", "Europe/Berlin", "Europe/Zurich"),
    *("Asia/Tokyo", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Kolkata", "Australia/Sydney", "UTC"),
)


def common_field(times: list[tuple[str, str]]) -> forms.ChoiceField:
    return choice("When", times)


def own_field(help_text: str) -> forms.CharField:
    return number("Its times", help_text, inputmode="text", placeholder="30 9 * * MON-FRI")


def zone_field() -> forms.CharField:
    return forms.CharField(
        label="Time zone",
        required=False,
        help_text="The clock these times are read on; it keeps to summer time",
        widget=forms.TextInput({"list": "zones", "autocomplete": "off", "placeholder": "America/New_York"}),
    )


def chosen(common: str, own: str) -> str:
    """The times that were asked for."""
    return own.strip() if common == OWN else common


def initial_times(times: list[tuple[str, str]], text: str) -> dict[str, Any]:
    """Which choice says it, or one's own."""
    known = text in {key for key, _ in times}
    return {"common": text if known else OWN, "own": "" if known else text}
