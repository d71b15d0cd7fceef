"""Replays as the API takes and shows them. Decimals are strings, times ISO 8601 in UTC."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from automation.models import ReplayRun
from automation.replay.asking import MOST_VALUES, TIMEFRAMES
from automation.serializers import ActionIn, ObservationIn


class GridIn(serializers.Serializer[Any]):
    """Values to try for one parameter of the trigger: a list, or from, to and step."""

    parameter = serializers.CharField(help_text="a parameter of the trigger, such as threshold or percent")
    values = serializers.ListField(child=serializers.CharField(), required=False, max_length=MOST_VALUES)
    to = serializers.CharField(required=False)
    step = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.CharField(required=False)}


class ReplayFields(serializers.Serializer[Any]):
    """What a replay needs; everything has a default."""

    to = serializers.CharField(required=False, help_text="a date (that day included) or a time; default now")
    timeframe = serializers.ChoiceField(choices=TIMEFRAMES, required=False, help_text="bars replayed; default 1d")
    cash = serializers.CharField(required=False, help_text="dollars to begin with; default the portfolio's")
    shares = serializers.CharField(required=False, help_text="shares to begin with; default the portfolio's")
    slippage_bps = serializers.CharField(required=False, help_text="costs: default the paper account's")
    fee_per_order = serializers.CharField(required=False)
    fee_bps = serializers.CharField(required=False)
    ignore_dates = serializers.BooleanField(
        required=False, help_text="as if the rule had no valid_from and valid_until"
    )
    grid = GridIn(required=False)

    def get_fields(self) -> dict[str, Any]:
        begin = serializers.CharField(required=False, help_text="a date or a time; default a year (1m: 30 days) before")
        return {**super().get_fields(), "from": begin}


class SimulateIn(ReplayFields, ObservationIn):
    """Made-up market inputs for a what-if; or from, to, timeframe or grid for a replay over stored bars."""


class DraftReplayIn(ReplayFields):
    """A replay of a rule that does not exist yet."""

    rule = ActionIn()


class RunOut(serializers.ModelSerializer[ReplayRun]):
    """A replay that was queued. `result` is as of a replay answered at once, or `{grid: {rows, best, caution}}`."""

    action = serializers.UUIDField(source="action_id", allow_null=True)

    class Meta:
        model = ReplayRun
        fields = [
            "id",
            "action",
            "state",
            "done_steps",
            "total_steps",
            "error",
            "created_at",
            "started_at",
            "finished_at",
            "params",
            "rule",
            "result",
        ]
        read_only_fields = fields


class RunListed(RunOut):
    """A run in a list: without its result."""

    class Meta(RunOut.Meta):
        fields = [name for name in RunOut.Meta.fields if name not in ("result", "rule")]
        read_only_fields = fields


class FiringOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    price = serializers.CharField(allow_null=True)
    value = serializers.CharField(allow_null=True)
    level = serializers.CharField(allow_null=True)
    outcome = serializers.CharField(help_text="filled, told, denied, expired, open, no_price or skipped")
    code = serializers.CharField()
    reason = serializers.CharField()
    side = serializers.CharField()
    quantity = serializers.CharField()
    fill_price = serializers.CharField(allow_null=True)
    fee = serializers.CharField()
    gain = serializers.CharField(allow_null=True, help_text="dollars it made by the end, after costs")


class ReplayOut(serializers.Serializer[Any]):
    """A replay. `curve`: equity beside buy-and-hold, at most 500 points."""

    symbol = serializers.CharField()
    timeframe = serializers.CharField()
    summary = serializers.JSONField()
    firings = FiringOut(many=True)
    firings_left_out = serializers.IntegerField()
    curve = serializers.JSONField(help_text="[{at, equity, hold, price}]")
    gaps = serializers.JSONField(help_text="[{from, to, bars}]: trading time without bars")
    stopped = serializers.CharField(help_text="why the rule gave up before the end; empty if it did not")
    notes = serializers.ListField(child=serializers.CharField())
