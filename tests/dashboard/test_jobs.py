"""The pages of jobs: the form with its preview, runs, switches."""

from __future__ import annotations

import pytest
from django.test import Client

from automation.jobs.base import JobFailed
from automation.jobs.registry import JOB_TYPES
from automation.scheduling import running
from automation.scheduling.models import JobRun, ScheduledJob
from common.clock import now
from tests.automation.scheduling.making import with_puppet
from tests.browser.furnishing.strategies import job, ran
from tests.orders.making import Desk


def typed(**changes: str) -> dict[str, str]:
    return {
        "common": "35 9 * * MON-FRI", "own": "", "timezone": "America/New_York", "misfire_policy": "run_late",
        "run_late_minutes": "60", "config-movers": "3", "config-nearest": "4", "config-strategies": "on", **changes,
    }  # fmt: skip


def text(site: Client, path: str, status: int = 200) -> str:
    answer = site.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_cards_show_every_type(site: Client) -> None:
    shown = text(site, "/jobs/new/")
    assert all(f"?type={kind}" in shown for kind in JOB_TYPES)
    assert site.get("/jobs/").headers["Location"] == "/strategies/#jobs"


@pytest.mark.parametrize("kind", JOB_TYPES)
def test_the_form_has_the_settings_of_its_type(site: Client, kind: str) -> None:
    shown = text(site, f"/jobs/new/?type={kind}")
    assert all(f'name="config-{name}"' in shown for name in JOB_TYPES[kind].parse({}))


def test_a_job_is_made(site: Client, desk: Desk) -> None:
    data = typed(**{"config-symbols": "aapl, msft"})
    site.post("/jobs/new/?type=market_scan", data)
    made = ScheduledJob.objects.get(user=desk.user)
    assert made.config == {"symbols": ["AAPL", "MSFT"], "movers": 3, "nearest": 4, "strategies": True}
    shown = text(site, f"/jobs/{made.pk}/")
    assert "New York time" in shown and "09:35" in shown
    assert "It has not run yet" in shown


def test_refusals_stand_beside_their_fields(site: Client) -> None:
    data = typed(common="own", own="61 9 * * *", timezone="Moon/Base", run_late_minutes="0")
    data["config-movers"] = "many"
    answer = site.post("/jobs/new/?type=market_scan", data)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert set(form.errors) == {"own", "timezone", "run_late_minutes"} and "movers" in form.config.errors
    assert not ScheduledJob.objects.exists()


def test_the_preview_says_the_times_and_what_summer_time_does(site: Client) -> None:
    answer = site.post("/jobs/preview/", {"common": "own", "own": "30 2 * * *", "timezone": "America/New_York"})
    shown = answer.content.decode()
    assert shown.count("<li>") == 5 and "New York time" in shown
    assert "jumps over 02:30" in shown and "stay the same" in shown
    wrong = site.post("/jobs/preview/", {"common": "own", "own": "30 2 * *"}).content.decode()
    assert "fields" in wrong


def test_a_run_shows_what_it_found(site: Client, desk: Desk) -> None:
    made = job(desk)
    site.post(f"/jobs/{made.pk}/run/")
    run = JobRun.objects.get(job=made)
    assert "Under way" in text(site, "/strategies/")
    running.carry_out(run.pk, now=now())
    assert "Succeeded" in text(site, f"/jobs/{made.pk}/")
    shown = text(site, f"/jobs/{made.pk}/runs/{run.pk}/")
    assert "symbols" in shown and "A person asked for it" in shown


def test_a_failed_run_says_what_to_do(site: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = job(desk)
    with_puppet(monkeypatch, JobFailed("The scale is broken.", permanent=True))
    ScheduledJob.objects.filter(pk=made.pk).update(job_type="puppet", config={})
    run = ran(desk, made)
    assert run.state == "failed"
    for path in (f"/jobs/{made.pk}/", f"/jobs/{made.pk}/runs/{run.pk}/"):
        shown = text(site, path)
        assert "The scale is broken." in shown and "run it now" in shown


def test_switches(site: Client, desk: Desk) -> None:
    made = job(desk)
    site.post(f"/jobs/{made.pk}/disable/")
    made.refresh_from_db()
    assert not made.enabled and 'aria-checked="false"' in text(site, "/strategies/")
    site.post(f"/jobs/{made.pk}/enable/")
    site.post("/jobs/stop/")
    assert "Start all jobs" in text(site, "/strategies/")
    refused = site.post(f"/jobs/{made.pk}/run/", follow=True).content.decode()
    assert "All your jobs are stopped" in refused
    site.post("/jobs/start/")
    assert "Stop all jobs" in text(site, "/strategies/")
    assert site.post(f"/jobs/{made.pk}/delete/").headers["Location"] == "/strategies/"
    assert not ScheduledJob.objects.exists()


def test_an_edit_keeps_what_is_left_alone(site: Client, desk: Desk) -> None:
    made = job(desk, schedule="17 3 * * *", name="Night")
    shown = text(site, f"/jobs/{made.pk}/edit/")
    assert 'value="17 3 * * *"' in shown
    site.post(f"/jobs/{made.pk}/edit/", typed(common="own", own="18 3 * * *", name="Night", misfire_policy="skip"))
    made.refresh_from_db()
    assert (made.schedule, made.misfire_policy, made.run_late_minutes) == ("18 3 * * *", "skip", None)


def test_another_users_job_does_not_exist(site: Client, other: Desk) -> None:
    made = job(other)
    run = ran(other, made)
    for path in ("", "edit/", f"runs/{run.pk}/"):
        text(site, f"/jobs/{made.pk}/{path}", status=404)
    for verb in ("run", "disable", "delete"):
        assert site.post(f"/jobs/{made.pk}/{verb}/").status_code == 404
