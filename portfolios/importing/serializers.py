"""What the import's door reads and writes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portfolios.importing.formats.registry import FORMATS
from portfolios.importing.reading import LARGEST_FILE
from portfolios.serializers import fine, money


class HistoryIn(serializers.Serializer[Any]):
    """A file's text and how to take it."""

    text = serializers.CharField(max_length=LARGEST_FILE, trim_whitespace=False, help_text="the CSV file's text")
    format_ = serializers.ChoiceField(
        choices=list(FORMATS), required=False, help_text="whose export it is; default: told by its header"
    )
    dry_run = serializers.BooleanField(default=False, help_text="show what would be booked, change nothing")
    allow_negative_cash = serializers.BooleanField(
        default=False, help_text="for a history without the deposits that paid for it"
    )


class BookingOut(serializers.Serializer[Any]):
    line = serializers.IntegerField(allow_null=True, help_text="of the file; null: a known split, added by the import")
    kind = serializers.CharField()
    at = serializers.DateTimeField()
    symbol = serializers.CharField(allow_blank=True)
    quantity = fine(help_text="change of the holding")
    price = fine(allow_null=True)
    amount = money(help_text="change of cash")
    source_id = serializers.CharField()
    note = serializers.CharField(allow_blank=True)


class HeldOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    quantity = fine()
    cost = money()


class HistoryOut(serializers.Serializer[Any]):
    """What was booked, or with `dry_run` would be, and how the portfolio stands then."""

    dry_run = serializers.BooleanField()
    format = serializers.CharField()
    already_booked = serializers.IntegerField(help_text="rows that were imported before: left alone")
    left_out = serializers.DictField(child=serializers.IntegerField(), help_text="rows about something else, by reason")
    booked = BookingOut(many=True)
    cash = money()
    holdings = HeldOut(many=True)
