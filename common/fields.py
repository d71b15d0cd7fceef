"""Column types shared by every room, so that a price is the same number everywhere."""

from __future__ import annotations

from typing import Any

from django.db import models


def price_field(**options: Any) -> models.DecimalField:
    """A price or level: up to 15 whole digits, 9 decimal places."""
    return models.DecimalField(max_digits=24, decimal_places=9, **options)


def quantity_field(**options: Any) -> models.DecimalField:
    """A number of shares: 9 decimal places, as fractional brokers allow."""
    return models.DecimalField(max_digits=24, decimal_places=9, **options)


def money_field(**options: Any) -> models.DecimalField:
    """An amount of money to the cent."""
    return models.DecimalField(max_digits=20, decimal_places=2, **options)


def percent_field(**options: Any) -> models.DecimalField:
    """A percentage: 5 means 5 %."""
    return models.DecimalField(max_digits=9, decimal_places=4, **options)
