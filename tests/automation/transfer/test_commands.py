"""manage.py export_actions and import_actions."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from automation.models import Action
from tests.automation.making import rule

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stand_still(monkeypatch):
    from tests.orders.making import NOW

    monkeypatch.setattr("common.clock.now", lambda: NOW)


def run(*args) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


def test_out_and_in_again(desk, tmp_path) -> None:
    rule(desk)
    path = tmp_path / "rules.yaml"
    run("export_actions", "--user", "ada", "--format", "yaml", "--output", str(path))
    assert run("export_actions", "--user", "ada", "--format", "yaml") == path.read_text()
    assert "would make 1 rules" in run("import_actions", str(path), "--user", "ada", "--dry-run")
    assert Action.objects.count() == 1
    said = json.loads(run("import_actions", str(path), "--user", "ada", "--skip-existing", "--json"))
    assert (said["created"], said["skipped"], said["rows"][0]["skipped"]) == (0, 1, True)
    assert "Made 1 rules, 0 left out." in run("import_actions", str(path), "--user", "ada")
    assert Action.objects.count() == 2


def test_mistakes(desk, tmp_path) -> None:
    path = tmp_path / "rules.json"
    path.write_text('{"format": "puffling rules", "version": 1, "rules": [{"action_type": "BUY"}]}')
    with pytest.raises(CommandError, match="row 1, trigger_type: is required"):
        run("import_actions", str(path), "--user", "ada")
    with pytest.raises(CommandError) as told:
        run("import_actions", str(path), "--user", "ada", "--json")
    assert {mistake["row"] for mistake in json.loads(str(told.value))} == {1}
    for args in (["nowhere.json", "--user", "ada"], [str(path), "--user", "nobody"]):
        with pytest.raises(CommandError):
            run("import_actions", *args)
    path.write_text("a: &b 1")
    with pytest.raises(CommandError, match="anchor"):
        run("import_actions", str(path), "--user", "ada")
    with pytest.raises(CommandError, match="no user"):
        run("export_actions", "--user", "nobody")
    with pytest.raises(CommandError, match="cannot be written"):
        run("export_actions", "--user", "ada", "--output", str(tmp_path / "no" / "such"))
