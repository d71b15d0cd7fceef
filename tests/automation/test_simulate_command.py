"""`manage.py simulate`."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.automation.making import rule, written
from tests.automation.replay.test_running import store
from tests.orders.making import Desk

pytestmark = pytest.mark.django_db
RANGE = {"from": "2026-11-02", "to": "2026-11-11"}


@pytest.fixture
def action(desk: Desk) -> Any:
    store()
    return rule(desk)


def simulate(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("simulate", *arguments, **{**RANGE, **options}, stdout=out)
    return out.getvalue()


def test_it_tells_every_firing_and_the_sum(action: Any) -> None:
    text = simulate(str(action.pk))
    assert "filled   buy" in text
    assert "1 firings, 1 trades over 10 bars" in text
    assert "Buying at the start and holding" in text


def test_json_is_the_whole_result(action: Any) -> None:
    assert json.loads(simulate(str(action.pk), json=True))["summary"]["fires"] == 1


def test_a_grid_prints_a_line_per_value_and_the_caution(action: Any) -> None:
    text = simulate(str(action.pk), grid="threshold=88..92/2")
    assert text.count("net $") == 3
    assert "Best: 88. The best value is the best for this past only" in text
    found = json.loads(simulate(str(action.pk), grid="threshold=88,92", json=True))
    assert [row["value"] for row in found["grid"]["rows"]] == ["88", "92"]


def test_a_rule_from_a_file(action: Any, desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(written()))
    assert "1 firings" in simulate(rule=path, user="ada")
    with pytest.raises(CommandError, match="--user"):
        simulate(rule=path, user="nobody")
    path.write_text("{")
    with pytest.raises(CommandError, match="JSON"):
        simulate(rule=path, user="ada")


@pytest.mark.parametrize("wrong", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_rule_is_an_error_with_the_way_out(action: Any, wrong: str) -> None:
    with pytest.raises(CommandError, match="not the id of a rule"):
        simulate(wrong)


def test_what_cannot_be_replayed_is_named(action: Any) -> None:
    with pytest.raises(CommandError, match="from: There are no daily bars"):
        simulate(str(action.pk), **{"from": "2025-01-01", "to": "2025-01-05"})
