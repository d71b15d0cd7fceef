"""The scheduler over HTTP: create, preview, edit, run, history, status, stop and start, delete."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from automation.scheduling import running
from automation.scheduling.models import JobRun
from automation.tasks import look_at_jobs, run_job
from common.clock import now
from common.heartbeats import last_beat
from tests.automation.scheduling.making import job
from tests.orders.making import NOW
from tests.site.conftest import client_of

pytestmark = pytest.mark.django_db
URL = "/api/scheduler/"


@pytest.fixture
def client(desk) -> APIClient:
    return client_of(desk.user)


def test_a_job_from_its_making_to_its_end(client, desk):
    made = client.post(URL, {"job_type": "market_scan", "schedule": "30 9 * * MON-FRI", "name": "Morning"})
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["description"] == "Every weekday at 09:30 in America/New_York"
    assert len(body["next_runs"]) == 5
    assert body["next_due_at"] == body["next_runs"][0]
    url = f"{URL}{body['id']}/"
    changed = client.patch(url, {"schedule": "open+5m", "enabled": False}).json()
    assert (changed["schedule"], changed["next_due_at"], changed["version"]) == ("open+5m", None, 2)
    begun = client.post(f"{url}run-now/")
    assert (begun.status_code, begun.json()["cause"]) == (202, "manual")
    assert client.post(f"{url}run-now/").status_code == 409
    run_job(begun.json()["id"])
    (listed,) = client.get(f"{url}runs/", {"state": "succeeded"}).json()["results"]
    assert listed["duration_seconds"] >= 0
    detail = client.get(f"{url}runs/{listed['id']}/").json()
    assert detail["log"][0]["line"] == "0 symbols, 0 without a usable price."
    assert detail["result"]["symbols"] == 0
    assert client.get(URL, {"job_type": "market_scan", "enabled": "false"}).json()["count"] == 1
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


def test_errors_are_told_per_field(client):
    answer = client.post(URL, {"job_type": "market_scan", "schedule": "61 * * * *", "timezone": "Mars/Phobos"})
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert "use * or 0 to 59" in errors["schedule"][0]
    assert "use an IANA name such as America/New_York" in errors["timezone"][0]


def test_a_schedule_can_be_previewed(client):
    shown = client.post(f"{URL}preview/", {"schedule": "0 9 1 * *", "timezone": "Europe/Berlin"}).json()
    assert shown["description"] == "On day 1 of every month at 09:00 in Europe/Berlin"
    assert len(shown["next_runs"]) == 5
    wrong = client.post(f"{URL}preview/", {"schedule": "x", "colour": 1}).json()["errors"]
    assert set(wrong) == {"schedule", "colour"}


def test_status_stop_and_start(client, desk):
    mine = job(desk, now=now())
    JobRun.objects.create(job=mine, due_at=NOW, created_at=NOW, finished_at=NOW, cause="schedule", state="succeeded")
    look_at_jobs(job=str(mine.pk))
    assert last_beat("beat") is not None
    status = client.get(f"{URL}status/").json()
    assert (status["stopped"], status["jobs"], status["beat"]["alive"], status["worker"]["alive"]) == (
        False, 1, True, False,
    )  # fmt: skip
    assert [one["id"] for one in status["next"]] == [str(mine.pk)]
    assert [one["state"] for one in status["last"]] == ["succeeded"]
    assert client.post(f"{URL}stop/").json() == {"stopped": True, "jobs": 1}
    status = client.get(f"{URL}status/").json()
    assert (status["stopped"], status["stopped_by"], status["next"]) == (True, "ada", [])
    assert client.post(f"{URL}{mine.pk}/run-now/").status_code == 409
    assert client.post(f"{URL}start/").json() == {"stopped": False, "jobs": 1}
    assert len(client.get(f"{URL}status/").json()["next"]) == 1


def test_types_come_with_a_config_that_works(client, desk):
    types = {one["type"]: one for one in client.get(f"{URL}types/").json()}
    assert set(types) == {"market_scan", "portfolio_check", "ai_analysis", "alert_check"}
    for name, one in types.items():
        made = client.post(URL, {"job_type": name, "schedule": "close-10m", "config": one["example"]})
        assert made.json()["config"] == one["example"]


def test_a_list_costs_the_same_however_long(client, desk, django_assert_max_num_queries):
    for _ in range(5):
        job(desk)
    with django_assert_max_num_queries(4):
        assert client.get(URL).json()["count"] == 5


def test_a_task_of_a_run_that_is_gone_does_nothing(desk):
    run_job("00000000-0000-0000-0000-000000000000")
    assert running.nudge_left_behind(NOW) == 0
