"""What the doctor says about sound and broken installations."""

from __future__ import annotations

import dataclasses
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from common.models import Heartbeat
from puffling_site.runtime import checkup, findings
from puffling_site.runtime.findings import FAILED, OK, SKIPPED, WARNING, Finding
from puffling_site.runtime.state import DataFolder

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def with_config(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setattr(settings, "CONFIG", dataclasses.replace(settings.CONFIG, **changes))


def test_this_machine_is_sound(tmp_path: Path) -> None:
    found = {finding.check: finding for finding in findings.machine(tmp_path)}
    assert set(found) == {"python", "packages", "postgres", "valkey-server", "disk", "secrets"}
    assert [finding for finding in found.values() if finding.state == FAILED] == []


def test_a_package_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = findings._version
    monkeypatch.setattr(findings, "_version", lambda name: "0.9" if name == "celery" else real(name))
    assert findings.packages().state == FAILED
    assert "celery 0.9 instead of ==" in findings.packages().detail


@pytest.mark.parametrize(("free", "state"), [(100e6, FAILED), (500e6, WARNING), (5e9, OK)])
def test_little_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: float, state: str) -> None:
    usage = type(findings.shutil.disk_usage(tmp_path))(int(10e9), int(10e9 - free), int(free))
    monkeypatch.setattr(findings.shutil, "disk_usage", lambda _path: usage)
    assert findings.disk(tmp_path / "not" / "made" / "yet").state == state


def test_secrets_others_can_read_are_a_fault(tmp_path: Path) -> None:
    DataFolder(tmp_path).secrets()
    assert findings.private_files(tmp_path).state == OK
    (tmp_path / "secrets.json").chmod(0o644)
    finding = findings.private_files(tmp_path)
    assert (finding.state, finding.remedy) == (FAILED, f"chmod 600 {tmp_path / 'secrets.json'}")


@pytest.mark.parametrize("keys", [(), ("short",), ("x" * 43,)])
def test_missing_and_malformed_field_keys(monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...]) -> None:
    with_config(monkeypatch, field_keys=keys)
    assert checkup.field_keys().state == FAILED
    assert not any(key in checkup.field_keys().detail for key in keys), "a key was printed"


def test_good_field_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with_config(monkeypatch, field_keys=("A" * 43 + "=",))
    assert checkup.field_keys().state == OK


@pytest.mark.django_db
def test_database_migrations_and_clock_are_fine_here() -> None:
    assert [checkup.postgres().state, checkup.migrations().state, checkup.clock().state] == [OK, OK, OK]


@pytest.mark.django_db
def test_missing_migrations_are_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    finding = checkup.migrations()
    assert finding.state == FAILED
    assert "sessions.0001_initial" in finding.detail


def test_valkey_of_this_run_never_evicts() -> None:
    assert checkup.valkey().state == OK


def test_redis_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with_config(monkeypatch, redis_url="redis://127.0.0.1:1/0")
    assert checkup.valkey().state == FAILED
    assert "make run" in checkup.valkey().remedy


def test_queues_without_a_worker_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "PING_SECONDS", 0.2)
    finding = checkup.workers()
    assert finding.state == FAILED
    assert finding.detail == "nobody serves agent, default, jobs, ticks, trading"


def test_a_site_that_does_not_answer() -> None:
    assert checkup.site({}).state == SKIPPED
    assert checkup.site({"url": "http://127.0.0.1:1/"}).state == FAILED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "expected", "state"), [(5, True, OK), (5, False, OK), (90, True, FAILED), (90, False, SKIPPED)]
)
def test_old_signs_of_life_are_a_fault_while_running(seconds: int, expected: bool, state: str) -> None:
    Heartbeat.objects.create(process="feed:demo", at=NOW - timedelta(seconds=seconds))
    found = list(checkup.signs_of_life(NOW, expected=expected))
    assert [(finding.check, finding.state) for finding in found] == [("feed:demo", state)]


@pytest.mark.django_db
def test_no_sign_of_life_at_all() -> None:
    assert [finding.state for finding in checkup.signs_of_life(NOW, expected=True)] == [WARNING]


@pytest.mark.django_db
def test_the_command_prints_json_and_fails_when_something_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "PING_SECONDS", 0.2)
    out = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("doctor", "--json", stdout=out)
    assert stopped.value.code == 1
    found = [Finding(**item) for item in json.loads(out.getvalue())]
    assert "workers" in [finding.check for finding in found if finding.state == FAILED]
    assert all(finding.remedy for finding in found if finding.state == FAILED)


@pytest.mark.django_db
def test_the_command_speaks_to_people_and_succeeds_when_all_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("puffling_site.management.commands.doctor.installation", lambda _running: [])
    out = io.StringIO()
    call_command("doctor", stdout=out)
    assert "[  ok  ] python" in out.getvalue()
