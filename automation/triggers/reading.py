"""Read raw parameters: the reader of every room, under the name triggers know it by."""

from __future__ import annotations

from common.reading import DAYS, BadParams, Reader, clock_time, shown

__all__ = ["DAYS", "BadParams", "Reader", "clock_time", "shown"]
