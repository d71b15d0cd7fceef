"""Every job type's file is registered, once, and keeps the promises of base.py."""

from __future__ import annotations

import importlib
import json
import pkgutil

import pytest

from automation import jobs
from automation.jobs.registry import JOB_TYPES, register
from automation.triggers.base import BadParams
from tests.automation.jobs.making import context

HELPERS = {"base", "registry", "facts", "analyst"}
EVERY = pytest.mark.parametrize("kind", sorted(JOB_TYPES))


def files() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(jobs.__path__)} - HELPERS


def test_every_file_is_listed_and_has_a_mirrored_test():
    assert {type(one).__module__.rpartition(".")[2] for one in JOB_TYPES.values()} == files()
    for name in files():
        importlib.import_module(f"tests.automation.jobs.test_{name}")


def test_a_type_cannot_be_registered_twice():
    with pytest.raises(ValueError, match="market_scan"):
        register(JOB_TYPES["market_scan"])


@EVERY
def test_the_example_parses_to_itself_and_the_words_are_a_sentence(kind):
    job_type = JOB_TYPES[kind]
    config = job_type.parse(job_type.example)
    assert job_type.parse(json.loads(json.dumps(config))) == config
    assert job_type.words.endswith(".")
    assert (job_type.type, kind) == (kind, job_type.type)


@EVERY
@pytest.mark.parametrize("raw", [None, [], "x", 5, {"colour": "1"}, {"": 1}])
def test_configs_must_be_objects_of_known_settings(kind, raw):
    with pytest.raises(BadParams):
        JOB_TYPES[kind].parse(raw)


@EVERY
def test_running_twice_for_one_occurrence_tells_once(desk, kind):
    from alerts.models import Alert

    found = context(desk, kind, {})
    JOB_TYPES[kind].run(found)
    before = Alert.objects.count()
    outcome = JOB_TYPES[kind].run(found)
    assert Alert.objects.count() == before
    assert outcome.summary.endswith(".")
    json.dumps(outcome.result)
