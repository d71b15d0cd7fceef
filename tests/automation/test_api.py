"""The doors to rules: what they take, what they refuse and how, and whose they show."""

from __future__ import annotations

import json

import pytest
from rest_framework.test import APIClient

from accounts.tokens import create_token
from automation.models import Action, ActionExecution
from common.ids import new_id
from tests.automation.making import S, carry_out, examples_stand, executions, fresh, hold, rule, see, watch_of, written
from tests.orders.making import NOW, Desk
from watches import machine

pytestmark = pytest.mark.django_db
URL = "/api/actions/"


@pytest.fixture(autouse=True)
def stand_still(monkeypatch):
    monkeypatch.setattr("automation.api.now", lambda: NOW)
    monkeypatch.setattr("automation.replay.api.now", lambda: NOW)


def client_of(desk: Desk) -> APIClient:
    client = APIClient()
    client.force_authenticate(desk.user)
    return client


@pytest.fixture
def api(desk) -> APIClient:
    return client_of(desk)


@pytest.fixture
def theirs(other) -> APIClient:
    return client_of(other)


def one(action) -> str:
    return f"{URL}{action.id}/"


# --- create
def test_a_rule_is_made_and_shown(api, desk):
    answer = api.post(URL, written(name="Dip"))
    assert answer.status_code == 201, answer.data
    made = answer.json()
    assert made["sentence"] == "Buy 10 AAPL when AAPL is at or below $90."
    assert (made["status"], made["symbol"], made["quantity"], made["amount_usd"]) == ("active", "AAPL", "10", None)
    assert made["trigger_params"] == {"threshold": "90", "edge": "level", "hysteresis": "0"}
    assert made["portfolio"] == str(desk.portfolio.id)
    assert made["warnings"] == []
    assert watch_of(Action.objects.get(id=made["id"])).phase == machine.ARMED
    assert Action.objects.get().versions.get().actor == "ada"


def test_a_rule_that_is_already_true_is_made_with_a_warning(api, desk):
    see("80", at=NOW)
    assert api.post(URL, written()).json()["warnings"] == ["Already true: fires at once."]


@pytest.mark.parametrize(
    ("changes", "field", "hint"),
    [
        ({"amount_usd": "500", "quantity": "10"}, "amount_usd", "give exactly one size"),
        ({"quantity": "-10"}, "quantity", "'-10' is too small"),
        ({"quantity": "NaN"}, "quantity", "'NaN' is not a number"),
        ({"trigger_params": {"treshold": "90"}}, "trigger_params.treshold", "did you mean threshold?"),
        ({"symbol": "AAPPL"}, "symbol", "did you mean AAPL?"),
        ({"action_type": "SELL"}, "quantity", "holds no AAPL"),
        ({"trigger_type": "time_of_day", "trigger_params": {"time": "12:00", "timezone": "Mars"}},
         "trigger_params.timezone", "'Mars' is not a time zone"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "valid_until", "has already passed"),
        ({"quantitiy": "5"}, "quantitiy", "did you mean quantity?"),
    ],
)  # fmt: skip
def test_bad_input_names_field_value_and_fix_and_changes_nothing(api, changes, field, hint):
    answer = api.post(URL, written(**changes))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == "invalid"
    assert hint in body["errors"][field][0]
    assert field in body["detail"]
    assert not Action.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"", 400), (b"[]", 400), (b'"rule"', 400), (b"5", 400), (b"null", 400), (b"\xff", 400),
     (b'{"quantity": NaN}', 400), (b'{"quantity": 1, "quantity": 2}', 400), (b"[" * 100_000, 400),
     (b'{"name": "' + b"x" * 10_000_000 + b'"}', 413)],
)  # fmt: skip
def test_a_body_that_is_no_rule_is_refused(api, body, status):
    for url in (URL, f"{URL}preview/"):
        answer = api.post(url, data=body, content_type="application/json")
        assert answer.status_code == status, answer.content[:300]
        assert answer.json()["status"] == status
        assert answer.json()["detail"]
    assert not Action.objects.exists()


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_another_content_type_is_refused(api, kind):
    answer = api.post(URL, data=b"action_type=BUY", content_type=kind)
    assert answer.status_code == 415
    assert not Action.objects.exists()


# --- preflight
def test_findings_come_with_a_new_rule_with_its_preview_and_in_a_list(api, theirs, desk):
    hold(desk)
    target = {"action_type": "SELL", "trigger_type": "price_above", "trigger_params": {"threshold": "80"}}
    there = rule(desk, **target)
    shown = api.post(f"{URL}preview/", written()).json()["findings"]
    assert [finding["code"] for finding in shown] == ["OPPOSITE"]
    made = api.post(URL, written()).json()
    (finding,) = made["findings"]
    assert {key: finding[key] for key in ("code", "severity", "more_rules")} == {
        "code": "OPPOSITE",
        "severity": "warning",
        "more_rules": 0,
    }
    assert "between $80 and $90 both are true at once" in finding["text"]
    assert [one["id"] for one in finding["rules"]] == [made["id"], str(there.id)]
    assert shown[0]["rules"][0]["id"] is None
    edited = api.post(f"{URL}preview/?editing={made['id']}", {"trigger_params": {"threshold": "70"}}).json()
    assert edited["findings"] == []
    assert (edited["sentence"], edited["firing_price"]) == ("Buy 10 AAPL when AAPL is at or below $70.", "70")
    listed = api.get(f"{URL}preflight/").json()
    assert (listed["count"], listed["results"][0]["code"]) == (1, "OPPOSITE")
    assert theirs.get(f"{URL}preflight/").json()["results"] == []
    assert theirs.post(f"{URL}preview/?editing={made['id']}", written()).status_code == 404
    assert api.post(f"{URL}preview/?editing=x", written()).status_code == 400


def test_what_can_never_be_right_is_refused(api):
    never = {"trigger_type": "price_below", "trigger_params": {"threshold": "150"}}
    body = written(trigger_type="price_above", trigger_params={"threshold": "200"}, conditions=[never])
    for url in (URL, f"{URL}preview/"):
        answer = api.post(url, body)
        assert answer.status_code == 400
        assert "can never hold" in answer.json()["errors"]["conditions.0"][0]
    assert not Action.objects.exists()


# --- idempotency
def test_the_same_key_makes_one_rule_and_gets_the_same_answer(api):
    key = {"HTTP_IDEMPOTENCY_KEY": "k1"}
    first, second = api.post(URL, written(), **key), api.post(URL, written(), **key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second["Idempotent-Replayed"] == "true"
    assert Action.objects.count() == 1
    assert api.post(URL, written(quantity="11"), **key).status_code == 422


def test_the_same_key_executes_once(api, desk):
    action = rule(desk, max_executions=None)
    key = {"HTTP_IDEMPOTENCY_KEY": "k2"}
    first = api.post(f"{one(action)}execute-now/", **key)
    assert first.status_code == 202
    assert api.post(f"{one(action)}execute-now/", **key).json() == first.json()
    assert len(executions(action)) == 1


# --- list
def test_the_list_is_filtered_ordered_and_paged(api, desk, other):
    rule(other)
    hold(desk, "MSFT")
    made = [
        rule(desk),
        rule(desk, action_type="SELL", symbol="MSFT"),
        rule(desk, action_type="NOTIFY", trigger_type="price_above", trigger_params={"threshold": "500"}),
        rule(desk, mode="notify", group="dips"),
    ]
    api.post(f"{one(made[0])}pause/")

    def found(query: str) -> list[int]:
        rows = api.get(f"{URL}{query}").json()["results"]
        return [[str(action.id) for action in made].index(row["id"]) for row in rows]

    assert sorted(found("")) == [0, 1, 2, 3]
    assert found("?status=paused") == [0]
    assert found("?symbol=msft") == [1]
    assert found("?action_type=NOTIFY") == [2]
    assert found("?trigger_type=price_above") == [2]
    assert found("?mode=notify") == [3]
    assert found("?group=dips") == [3]
    assert sorted(found(f"?portfolio={desk.portfolio.id}")) == [0, 1, 2, 3]
    assert found(f"?portfolio={other.portfolio.id}") == found(f"?portfolio={new_id()}") == []
    for order in ("status", "-status", "created_at", "-instrument_id"):  # with ties: every row on one page exactly
        pages = [found(f"?ordering={order}&page_size=1&page={n}")[0] for n in range(1, 5)]
        assert sorted(pages) == [0, 1, 2, 3], order
    assert api.get(f"{URL}?page_size=2").json()["count"] == 4


@pytest.mark.parametrize(
    "query",
    ["?statsu=paused", "?status=running", "?portfolio=5", "?page=99", "?page=x", "?action_type=buy", "?ordering=made"],
)
def test_a_filter_that_does_not_exist_is_refused(api, desk, query):
    rule(desk)
    answer = api.get(f"{URL}{query}")
    assert answer.status_code in (400, 404), answer.content
    assert answer.json()["code"]


def test_the_list_takes_as_many_queries_for_fifty_rules_as_for_one(api, desk, django_assert_max_num_queries):
    rule(desk)
    with django_assert_max_num_queries(3):
        assert len(api.get(URL).json()["results"]) == 1
    for _ in range(20):
        rule(desk)
    with django_assert_max_num_queries(3):
        assert len(api.get(URL).json()["results"]) == 21


# --- one
def test_an_edit(api, desk):
    action = rule(desk)
    answer = api.patch(one(action), {"trigger_params": {"threshold": 80}, "status": "paused"})
    assert answer.status_code == 200
    assert (answer.json()["trigger_params"]["threshold"], answer.json()["status"]) == ("80", "paused")
    versions = api.get(f"{one(action)}versions/").json()["results"]
    assert [row["version"] for row in versions] == [3, 2, 1]
    assert versions[1]["changes"]["trigger_params"][1]["threshold"] == "80"
    assert api.patch(one(action), {"status": "completed"}).status_code == 400
    assert api.patch(one(action), {"epoch": 5}).status_code == 400
    assert api.patch(one(action), []).status_code == 400


def test_pause_resume_and_cancel(api, desk):
    action = rule(desk)
    assert api.post(f"{one(action)}pause/").json()["status"] == "paused"
    assert api.post(f"{one(action)}pause/").json()["status"] == "paused"
    assert api.post(f"{one(action)}resume/").json()["status"] == "active"
    assert api.delete(one(action)).status_code == 204
    assert api.get(one(action)).json()["status"] == "cancelled"
    answer = api.post(f"{one(action)}resume/")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_execute_now_and_its_executions(api, desk):
    action = rule(desk)
    answer = api.post(f"{one(action)}execute-now/")
    assert answer.status_code == 202
    assert (answer.json()["state"], answer.json()["cause"]) == ("pending", "manual")
    carry_out(now=NOW)
    (row,) = api.get(f"{one(action)}executions/").json()["results"]
    assert (row["state"], row["action"]) == ("succeeded", str(action.id))
    assert api.get(f"{one(action)}executions/?state=failed").json()["results"] == []
    assert api.post(f"{one(action)}execute-now/").status_code == 409


def test_explain_simulate_and_preview(api, desk):
    see("100", at=NOW)
    action = rule(desk)
    found = api.get(f"{one(action)}explain/").json()
    assert (found["firing_price"], found["distance_percent"], found["already_true"]) == ("90", "10", False)
    what_if = api.post(f"{one(action)}simulate/", {"price": "89"}).json()
    assert (what_if["would_fire"], what_if["order"]["state"]) == (True, "queued")
    assert api.post(f"{one(action)}simulate/", {"prise": "89"}).json()["errors"]["prise"]
    shown = api.post(f"{URL}preview/", written(trigger_params={"threshold": "80"})).json()
    assert shown["firing_price"] == "80"
    assert api.post(f"{URL}preview/", written(quantity="x")).status_code == 400
    assert Action.objects.count() == 1
    assert not ActionExecution.objects.exists()


def test_every_kind_of_trigger_is_shown_with_an_example_that_works(api, desk):
    examples_stand(desk)
    kinds = api.get(f"{URL}triggers/").json()
    assert {kind["type"] for kind in kinds} >= {"price_above", "trailing_stop", "time_of_day"}
    for kind in kinds:
        answer = api.post(URL, written(trigger_type=kind["type"], trigger_params=kind["example"]))
        assert answer.status_code == 201, answer.data


# --- whose
DOORS = [
    ("get", ""), ("patch", ""), ("delete", ""), ("post", "pause/"), ("post", "resume/"), ("post", "execute-now/"),
    ("get", "explain/"), ("post", "simulate/"), ("get", "executions/"), ("get", "versions/"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_somebody_elses_rule_looks_like_none(api, theirs, desk, method, path):
    action = rule(desk)
    see("90", at=NOW + S)
    before = fresh(action).__dict__
    bodies = []
    for action_id in (action.id, new_id()):
        answer = getattr(theirs, method)(f"{URL}{action_id}/{path}", {"price": "90"} if method == "post" else {})
        assert answer.status_code == 404, (method, path)
        bodies.append(answer.json()["detail"].replace(str(action_id), "…"))
    assert bodies[0] == bodies[1]
    after = fresh(action).__dict__
    assert {k: v for k, v in after.items() if k != "_state"} == {k: v for k, v in before.items() if k != "_state"}
    assert theirs.get(URL).json()["count"] == 0


def test_strangers_and_readers(desk):
    action = rule(desk)
    assert APIClient().get(URL).status_code == 401
    reader = APIClient()
    _, secret = create_token(user=desk.user, name="reader", scopes=["read"], expires_at=None, now=NOW)
    reader.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert reader.get(URL).status_code == 200
    assert reader.post(f"{one(action)}simulate/", {"price": "90"}).status_code == 200
    for method, path in (("patch", ""), ("delete", ""), ("post", "pause/"), ("post", "execute-now/")):
        assert getattr(reader, method)(f"{one(action)}{path}").status_code == 403
    assert reader.post(URL, json.dumps(written()), content_type="application/json").status_code == 403


def test_a_program_acts_under_its_tokens_name(desk):
    _, secret = create_token(user=desk.user, name="bot", scopes=["read", "trade"], expires_at=None, now=NOW)
    program = APIClient()
    program.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    made = program.post(URL, json.dumps(written()), content_type="application/json")
    assert made.status_code == 201, made.content
    assert Action.objects.get().versions.get().actor == "ada (token bot)"
