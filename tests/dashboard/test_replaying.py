"""The panel "How would it have done?"."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from automation.models import ReplayRun
from automation.replay import running
from common.clock import now
from markets.bars import replace_bars
from markets.types import BarRow
from tests.dashboard.making import rule
from tests.orders.making import D, Desk

HTMX = {"HX-Request": "true"}


@pytest.fixture
def typed(desk: Desk) -> dict[str, str]:
    """The form, over the ten days before today."""
    first = now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=10)
    rows = []
    for n, price in enumerate((100, 98, 95, 91, 89, 93, 96, 90, 88, 94)):
        p = D(price)
        at = first + timedelta(days=n)
        rows.append(BarRow(symbol="AAPL", timeframe="1d", at=at, open=p, high=p, low=p, close=p, volume=p, source="t"))
    replace_bars(rows)
    return {"start": f"{first:%Y-%m-%d}", "end": f"{now():%Y-%m-%d}", "timeframe": "1d"}


def test_the_panel_is_on_the_rules_page_and_begins_where_there_are_bars(
    site: Client, desk: Desk, typed: dict[str, str]
) -> None:
    page = site.get(f"/actions/{rule(desk).pk}/").content.decode()
    assert "How would it have done?" in page
    assert f'value="{typed["start"]}"' in page


def test_a_replay_is_shown_with_charts_and_firings(site: Client, desk: Desk, typed: dict[str, str]) -> None:
    answer = site.post(f"/actions/{rule(desk).pk}/replay/", typed, headers=HTMX)
    text = answer.content.decode()
    assert 'data-chart="worth"' in text
    assert 'data-chart="past"' in text
    assert "by buying at the start and holding" in text
    assert "Traded" in text
    assert "<html" not in text
    assert [marker["text"] for marker in answer.context["past"]["markers"]] == ["Buy"]


def test_without_htmx_it_is_a_page(site: Client, desk: Desk, typed: dict[str, str]) -> None:
    text = site.post(f"/actions/{rule(desk).pk}/replay/", typed).content.decode()
    assert "Back to the rule" in text
    assert "<html" in text


def test_what_is_wrong_is_said_with_its_label(site: Client, desk: Desk, typed: dict[str, str]) -> None:
    path = f"/actions/{rule(desk).pk}/replay/"
    text = site.post(path, {**typed, "cash": "lots"}, headers=HTMX).content.decode()
    assert "Cash at the start" in text
    assert "is not a number" in text
    early = site.post(path, {**typed, "start": "2001-01-01", "end": "2001-02-01"}, headers=HTMX).content.decode()
    assert "There are no daily bars" in early


def test_a_grid_is_polled_until_it_is_done(site: Client, desk: Desk, typed: dict[str, str]) -> None:
    action = rule(desk)
    grid = {"grid_parameter": "threshold", "grid_from": "88", "grid_to": "92", "grid_step": "2"}
    text = site.post(f"/actions/{action.pk}/replay/", {**typed, **grid}, headers=HTMX).content.decode()
    run = ReplayRun.objects.get()
    path = f"/actions/{action.pk}/replays/{run.pk}/"
    assert f'hx-get="{path}"' in text
    assert 'hx-trigger="every 1s"' in text
    running.carry_out(run.pk, now=now())
    done = site.get(path, headers=HTMX).content.decode()
    assert "hx-trigger" not in done
    assert "best" in done
    assert "Try it on another range" in done


def test_a_run_is_stopped(site: Client, desk: Desk, typed: dict[str, str]) -> None:
    action = rule(desk)
    grid = {"grid_parameter": "threshold", "grid_from": "88", "grid_to": "92", "grid_step": "2"}
    site.post(f"/actions/{action.pk}/replay/", {**typed, **grid}, headers=HTMX)
    run = ReplayRun.objects.get()
    text = site.post(f"/actions/{action.pk}/replays/{run.pk}/stop/", headers=HTMX).content.decode()
    assert "Stopped after 0 of 3" in text
    assert site.get(f"/actions/{rule(desk).pk}/replays/{run.pk}/").status_code == 404
