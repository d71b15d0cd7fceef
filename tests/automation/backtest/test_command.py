"""manage.py backtest."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from automation.backtest.models import BacktestRun
from automation.strategies.lifecycle import create_strategy
from tests.automation.backtest.test_running import CROSS, a_goal, store
from tests.orders.making import NOW, Desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bars(desk: Desk) -> None:
    store("AAPL", "MSFT", "NVDA")


def call(*args: str) -> str:
    out = StringIO()
    call_command("backtest", *args, "--from", "2026-02-02", "--to", "2026-09-20", stdout=out)
    return out.getvalue()


def test_a_strategy_a_goal_and_a_file(desk: Desk, tmp_path: Path) -> None:
    strategy = create_strategy(user=desk.user, data=CROSS, now=NOW, actor="ada")
    stored = json.loads(call(str(strategy.pk), "--json"))
    path = tmp_path / "cross.json"
    path.write_text(json.dumps(CROSS))
    assert json.loads(call("--strategy", str(path), "--user", "ada", "--json"))["summary"] == stored["summary"]
    assert "trades over" in call(str(a_goal(desk).pk))
    assert not BacktestRun.objects.exists()
    told = call(str(strategy.pk), "--grid", "short=3,5", "--grid", "long=15..25/5", "--limit", "max_position_pct=50")
    assert told.count("in sample") >= 6
    assert "Walking forward" in told


@pytest.mark.parametrize("args", [["x"], [str(uuid4())], ["--strategy", "/nowhere", "--user", "ada"]])
def test_what_it_is_about_must_exist(args: list[Any]) -> None:
    with pytest.raises(CommandError):
        call(*args)


def test_a_bad_question_is_named(desk: Desk) -> None:
    with pytest.raises(CommandError, match="cash"):
        call(str(a_goal(desk).pk), "--cash", "0")
