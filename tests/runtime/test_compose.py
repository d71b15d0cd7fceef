"""docker-compose.yml as data: no Docker engine is needed to see that it starts the right things safely."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from django.conf import settings

from common.models import Heartbeat
from puffling_site.runtime import alive
from puffling_site.runtime.environment import BASE

TEXT = (BASE / "docker-compose.yml").read_text()
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
OURS = {name: service for name, service in SERVICES.items() if name not in ("postgres", "valkey")}
SECRETS = ("POSTGRES_PASSWORD", "VALKEY_PASSWORD", "PUFFLING_SECRET_KEY", "PUFFLING_JWT_KEY", "PUFFLING_FIELD_KEYS")


def test_every_process_of_make_run_is_there() -> None:
    assert set(OURS) == {
        *("migrate", "web", "beat", "feed", "sweep", "flower"),
        *(f"worker-{queue.name}" for queue in settings.CELERY_TASK_QUEUES),
    }


def test_every_queue_has_exactly_one_worker_service_that_can_be_scaled() -> None:
    served = {}
    for name, service in SERVICES.items():
        if "worker" in service.get("command", []):
            served[name] = service["command"][service["command"].index("-Q") + 1]
            assert "container_name" not in service
            assert "%h" in service["command"][service["command"].index("-n") + 1], "copies would share a name"
    assert sorted(served.values()) == sorted(queue.name for queue in settings.CELERY_TASK_QUEUES)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_that_stays_has_a_health_check(name: str) -> None:
    assert name == "migrate" or SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_are_confined_and_in_production(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["environment"]["PUFFLING_ENV"] == "production"
    assert service.get("user") is None, "the image says who runs it"


def test_the_image_does_not_run_as_root_and_holds_no_secret() -> None:
    dockerfile = (BASE / "Dockerfile").read_text()
    assert re.search(r"^USER puffling$", dockerfile, re.MULTILINE)
    assert not re.search(r"^(ENV|ARG).*(SECRET|PASSWORD|KEY)", dockerfile, re.MULTILINE)
    assert ".env" in (BASE / ".dockerignore").read_text().split()


def test_secrets_are_required_and_have_no_default() -> None:
    for name in (*SECRETS, "PUFFLING_FLOWER_AUTH"):
        used = re.findall(r"\$\{" + name + r"(\W[^}]*)?\}", TEXT)
        assert used, name
        assert all(rest.startswith(":?") for rest in used), f"{name} has a default or may be empty"


def test_no_secret_is_in_a_command_line() -> None:
    for name, service in SERVICES.items():
        text = str(service.get("command", "")) + str(service.get("healthcheck", ""))
        assert not re.search(r"\$\{[A-Z_]*(PASSWORD|SECRET|KEY|AUTH)", text), name


def test_nothing_is_published_beyond_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_example_names_every_variable_and_fills_in_no_secret() -> None:
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (BASE / ".env.example").read_text(), re.MULTILINE))
    required = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
    assert required <= set(example)
    assert all(example[name] == "" for name in SECRETS)


def test_workers_get_time_to_put_work_back() -> None:
    for name, service in SERVICES.items():
        if name.startswith("worker-"):
            assert int(service["stop_grace_period"].rstrip("s")) >= 40
            assert service["environment"]["REMAP_SIGTERM"] == "SIGQUIT"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "code"), [("feed:", 0), ("sweep", 1), ("evaluate", 1), ("beat", 1)])
def test_the_health_check_reads_signs_of_life(monkeypatch: pytest.MonkeyPatch, name: str, code: int) -> None:
    now = datetime.now(UTC)
    Heartbeat.objects.create(process="feed:demo", at=now - timedelta(seconds=5))
    Heartbeat.objects.create(process="evaluate", at=now - timedelta(seconds=500))
    database = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**settings.DATABASES["default"])
    monkeypatch.setenv("DATABASE_URL", database)
    assert alive.main([name, "60"]) == code


def test_the_health_check_fails_without_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://x:y@127.0.0.1:1/z")
    assert alive.main(["feed:", "60"]) == 1
