"""Jobs in the admin go through the domain functions, and lead to beat's entry."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from accounts.models import User
from automation.scheduling.mirroring import entry_name
from automation.scheduling.models import ScheduledJob
from automation.scheduling.reading import stopped
from tests.automation.scheduling.making import job

pytestmark = pytest.mark.django_db
LIST = reverse("admin:automation_scheduledjob_changelist")
NO_RUNS = {f"runs-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS")}


@pytest.fixture
def boss(desk) -> Client:
    User.objects.filter(pk=desk.user.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(desk.user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def form(**changes: object) -> dict[str, object]:
    return {
        "job_type": "alert_check", "schedule": "5 10 * * *", "timezone": "America/New_York", "enabled": "on",
        "config": "{}", "misfire_policy": "run_late", "run_late_minutes": "60", "name": "Morning", "portfolio": "",
        **NO_RUNS, **changes,
    }  # fmt: skip


def test_a_job_is_made_and_changed_like_through_the_api(boss, desk):
    add = reverse("admin:automation_scheduledjob_add")
    assert boss.post(add, form(user=desk.user.pk)).status_code == 302
    made = ScheduledJob.objects.get()
    assert made.config == {"after_minutes": 30, "remind_minutes": 240}
    assert made.next_due_at is not None
    change = reverse("admin:automation_scheduledjob_change", args=[made.pk])
    wrong = boss.post(change, form(schedule="61 * * * *")).content.decode()
    assert "use * or 0 to 59" in wrong
    assert boss.post(change, form(schedule="open+5m")).status_code == 302
    made.refresh_from_db()
    assert (made.schedule, made.version) == ("open+5m", 2)


def test_the_page_leads_to_the_entry_of_beat(boss, desk):
    mine = job(desk)
    entry = PeriodicTask.objects.get(name=entry_name(mine.pk))
    page = boss.get(reverse("admin:automation_scheduledjob_change", args=[mine.pk])).content.decode()
    assert reverse("admin:django_celery_beat_periodictask_change", args=[entry.pk]) in page


def test_the_actions(boss, desk):
    mine = job(desk)

    def act(action: str) -> ScheduledJob:
        boss.post(LIST, {"action": action, "_selected_action": [str(mine.pk)], "post": "yes"})
        return ScheduledJob.objects.filter(pk=mine.pk).first()

    assert act("disable").enabled is False
    assert act("enable").enabled is True
    act("run_now")
    assert mine.runs.filter(cause="manual", state="pending").count() == 1
    act("stop_all")
    assert stopped(desk.user.pk).actor == "ada (admin)"
    act("start_all")
    assert stopped(desk.user.pk) is None
    assert act("delete_selected") is None
    assert not PeriodicTask.objects.filter(name=entry_name(mine.pk)).exists()
