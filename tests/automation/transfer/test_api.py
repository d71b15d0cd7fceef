"""The doors to files."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient

from automation.models import Action
from automation.transfer.shape import FORMAT, VERSION
from tests.automation.making import rule, written
from tests.orders.making import NOW

pytestmark = pytest.mark.django_db
EXPORT, IMPORT = "/api/actions/export/", "/api/actions/import/"
YAML = "application/yaml"


@pytest.fixture
def api(desk, monkeypatch) -> APIClient:
    monkeypatch.setattr("automation.transfer.api.now", lambda: NOW)
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


def document(*rules) -> dict:
    return {"format": FORMAT, "version": VERSION, "rules": list(rules)}


def test_out_and_in_again(api, desk) -> None:
    rule(desk)
    for query, kind in (("", "application/json"), ("?format_=yaml", YAML)):
        answer = api.get(EXPORT + query, headers={"Accept": kind})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="rules.')
        text = answer.content.decode()
        Action.objects.all().delete()
        made = api.post(IMPORT, {"text": text})
        assert (made.status_code, made.json()["created"]) == (201, 1)
        assert api.get(EXPORT + query).content.decode() == text


def test_every_way_to_send_a_file(api) -> None:
    text = f"format: {FORMAT}\nversion: 1\nrules:\n- {json.dumps(written())}\n"
    for send in (
        lambda: api.post(IMPORT, {"document": document(written()), "dry_run": True}),
        lambda: api.post(IMPORT, {"text": text, "format_": "yaml", "dry_run": True}),
        lambda: api.post(IMPORT + "?dry_run=true", text, content_type=YAML),
    ):
        answer = send()
        assert answer.status_code == 200
        body = answer.json()
        assert (body["dry_run"], body["created"]) == (True, 1)
        assert body["rows"][0]["sentence"] == "Buy 10 AAPL when AAPL is at or below $90."
        assert body["rows"][0]["action"] is None
    assert not Action.objects.exists()


def test_mistakes_are_named_for_people_and_programs(api) -> None:
    answer = api.post(IMPORT, {"document": document(written(), written(quantity="0", mode="yolo"))})
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == "bad_file"
    assert set(body["errors"]) == {"row 2 quantity", "row 2 mode"}
    assert {(m["row"], m["field"]) for m in body["mistakes"]} == {(2, "quantity"), (2, "mode")}
    assert not Action.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"), ({"text": "a", "document": {}}, "text"), ({"text": 5}, "text"),
        ({"text": "a", "dryrun": True}, "dryrun"),
        ({"text": "a", "dry_run": "yes"}, "dry_run"), ({"text": "a", "format_": "xml"}, "format_"), ([], "body"),
        ({"text": "a: *b"}, "file"), ({"document": 5}, "file"), ({"text": "[]", "format_": "json"}, "file"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_request_is_named(api, body, field) -> None:
    answer = api.post(IMPORT, body)
    assert (answer.status_code, field in answer.json()["errors"]) == (400, True), answer.json()


def test_hostile_yaml_as_a_body(api) -> None:
    for text in (b"a: !!python/object/apply:os.system [id]", b"\xff\xfe", b"a: &x [*x, *x]", b"", b"[" * 100_000):
        answer = api.post(IMPORT, text, content_type=YAML)
        assert answer.status_code == 400, text
        assert answer.json()["code"] in ("bad_file", "invalid")
    assert api.post(IMPORT + "?dry_run=maybe", "a: b", content_type=YAML).status_code == 400
    assert api.post(IMPORT + "?dryrun=true", "a: b", content_type=YAML).status_code == 400
    assert api.post(IMPORT, b"x" * 1_100_000, content_type=YAML).status_code == 413


def test_an_idempotency_key_makes_it_once(api) -> None:
    body, key = {"document": document(written())}, {"Idempotency-Key": "k1"}
    first, second = (api.post(IMPORT, body, headers=key) for _ in range(2))
    assert first.json() == second.json()
    assert Action.objects.count() == 1


def test_an_answer_has_an_end(api, desk, monkeypatch) -> None:
    monkeypatch.setattr("automation.transfer.api.MOST_EXPORTED", 1)
    rule(desk)
    assert api.get(EXPORT).status_code == 200
    rule(desk, symbol="MSFT")
    refused = api.get(EXPORT)
    assert (refused.status_code, "2 rules are more than the 1" in refused.json()["detail"]) == (400, True)
    assert api.get(EXPORT, {"symbol": "MSFT"}).status_code == 200


def test_queries_of_the_export_are_strict(api) -> None:
    assert api.get(EXPORT, {"state": "active"}).status_code == 400
    assert api.get(EXPORT, {"ids": "1,2"}).status_code == 400
    assert api.get(EXPORT, {"format_": "xml"}).status_code == 400
    assert api.get(EXPORT, {"status": "nope"}).status_code == 400
    assert json.loads(api.get(EXPORT, {"ids": ""}).content)["rules"] == []


def test_only_ones_own(api, desk, other) -> None:
    theirs = rule(other)
    assert json.loads(api.get(EXPORT, {"ids": str(theirs.id)}).content)["rules"] == []
    api.post(IMPORT, {"document": document(written())})
    assert Action.objects.get(user=desk.user).portfolio == desk.portfolio
    assert Action.objects.filter(user=other.user).count() == 1
