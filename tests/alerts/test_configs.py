"""Making, editing and deleting alert configs, through the API: every error at once, and nobody else's."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from alerts import configs, splitting, standing
from alerts.models import AlertConfig
from common.clock import now
from common.errors import Conflict
from live.models import Event
from portfolios.models import Portfolio
from tests.alerts.making import config, fresh, watch_of
from tests.orders.making import D, open_market, quote
from watches.models import Watch

pytestmark = pytest.mark.django_db
ABOVE = {"alert_type": "price", "condition": {"symbol": "AAPL", "above": 200}}


@pytest.fixture(autouse=True)
def market(ann: User) -> None:
    open_market(day=now().date())
    quote("AAPL", "160", at=now())
    Portfolio.objects.create(user=ann, name="Main", primary=True)


@pytest.fixture
def client(ann: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(ann)
    return client


def errors(client: APIClient, data: dict[str, Any]) -> dict[str, list[str]]:
    answer = client.post("/api/alerts/", data, format="json")
    assert answer.status_code == 400, answer.json()
    found: dict[str, list[str]] = answer.json()["errors"]
    return found


def test_a_price_alert_says_where_it_stands(client: APIClient) -> None:
    made = client.post("/api/alerts/", ABOVE, format="json")
    assert made.status_code == 201
    body = made.json()
    assert body["condition"] == {"symbol": "AAPL", "above": "200", "hysteresis": "0"}
    assert (body["symbol"], body["enabled"], body["repeats"], body["cooldown_seconds"]) == ("AAPL", True, True, 300)
    stands = body["explain"]
    assert stands["sentence"] == "Tell me when AAPL is at or above $200."
    assert (stands["state"], stands["unit"], D(stands["current_value"])) == ("armed", "$", D(160))
    assert (D(stands["distance"]), D(stands["distance_percent"])) == (D(40), D(25))
    assert client.get(f"/api/alerts/{body['id']}/").json() == body
    assert client.get(f"/api/alerts/{body['id']}/explain/").json()["state"] == "armed"
    assert Event.objects.filter(topic="alerts", kind="config_created").count() == 1


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"symbol": "aapl", "below": "150.5"}, "AAPL is at or below $150.5"),
        ({"symbol": "AAPL", "crosses": 180}, "AAPL crosses $180"),
        ({"symbol": "AAPL", "change_pct": 5}, "AAPL moves 5 % from the previous close"),
        (
            {"symbol": "AAPL", "change_pct": 5, "direction": "down", "window": "60m"},
            "AAPL falls 5 % within 1h",
        ),
        (
            {"symbol": "AAPL", "change_pct": 3, "window": "since_armed"},
            "AAPL moves 3 % from the price when the alert was armed",
        ),
    ],
)
def test_sentences(ann: User, condition: dict[str, Any], sentence: str) -> None:
    stands = standing.standing_of(config(ann, condition, now=now(), repeats=False), now=now())
    assert stands.sentence == f"Tell me when {sentence}, once."


def test_risk_is_about_the_primary_portfolio_unless_another_is_named(client: APIClient, ann: User) -> None:
    second = Portfolio.objects.create(user=ann, name="Second")
    data = {"alert_type": "risk", "condition": {"var_pct": 3}}
    first = client.post("/api/alerts/", data, format="json").json()
    other = client.post("/api/alerts/", {**data, "portfolio": str(second.id)}, format="json").json()
    assert (first["explain"]["subject_name"], other["explain"]["subject_name"]) == ("Main", "Second")
    assert first["condition"] == {"var_pct": "3", "confidence": "95"}
    series = watch_of(AlertConfig.objects.get(id=other["id"])).series
    assert (series.subject, series.observable, series.kind) == (f"portfolio:{second.id}", "var:95", "pushed")
    assert first["explain"]["state"] == "unknown"
    assert "needs prices and history" in first["explain"]["reason"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({}, {"alert_type": "is required", "condition": None}),
        ({"alert_type": "prise", "condition": {}}, {"alert_type": "'prise' is not known: use price, signal"}),
        ({**ABOVE, "condition": "AAPL"}, {"condition": "must be an object"}),
        ({**ABOVE, "condition": {"symbol": "AAPL"}}, {"condition.above": "is required: give one of above, below"}),
        (
            {**ABOVE, "condition": {"symbol": "AAPX", "above": 1, "below": "NaN", "abov": 2}},
            {
                "condition.symbol": None,
                "condition.below": "'NaN' is not a number",
                "condition.abov": "did you mean above?",
            },
        ),
        (
            {**ABOVE, "condition": {"symbol": "AAPX", "above": 1}},
            {"condition.symbol": "'AAPX' is not a known symbol: did you mean AAPL?"},
        ),
        ({**ABOVE, "condition": {"symbol": "AAPL", "above": 1, "below": 2}}, {"condition.below": "one too many"}),
        ({**ABOVE, "condition": {"symbol": "AAPL", "above": -1}}, {"condition.above": "must be above 0"}),
        (
            {**ABOVE, "condition": {"symbol": "AAPL", "change_pct": 100, "direction": "down", "window": "1w"}},
            {"condition.change_pct": "cannot fall by 100", "condition.window": "'1w' is not a window: use 1d"},
        ),
        (
            {**ABOVE, "condition": {"symbol": "AAPL", "above": 1, "window": "1d"}},
            {"condition.window": "is not a key of this kind of condition"},
        ),
        ({**ABOVE, "portfolio": str(uuid4())}, {"portfolio": "is for alerts of type risk"}),
        (
            {**ABOVE, "severity": "loud", "cooldown_seconds": -1, "enabled": "yes", "name": "x" * 121, "channel": 1},
            {
                "severity": "use info or warning or critical",
                "cooldown_seconds": "-1 is not a whole number",
                "enabled": "not true or false",
                "name": "at most 120",
                "channel": "is not a field of an alert",
            },
        ),
        ({"alert_type": "risk", "condition": {}}, {"condition.drawdown_pct": "is required: give one of"}),
        ({"alert_type": "risk", "condition": {"hhi": 2}}, {"condition.hhi": "at most 1"}),
        (
            {"alert_type": "risk", "condition": {"var_pct": 2, "confidence": 94}},
            {"condition.confidence": "use 90 or 95 or 99"},
        ),
        (
            {"alert_type": "risk", "condition": {"hhi": "0.4"}, "portfolio": str(uuid4())},
            {"portfolio": "is not one of your portfolios"},
        ),
        ({"alert_type": "signal", "condition": {"strategy": "one"}}, {"condition.strategy": "'one' is not an id"}),
        (
            {"alert_type": "signal", "condition": {"strategy": str(uuid4()), "side": "up"}},
            {"condition.side": "use buy or sell or any"},
        ),
        (
            {"alert_type": "rebalance", "condition": {"goal": str(uuid4())}},
            {"condition.goal": "is not one of your goals"},
        ),
    ],
)
def test_every_error_names_field_value_and_fix(
    client: APIClient, data: dict[str, Any], told: dict[str, str | None]
) -> None:
    found = errors(client, data)
    for field, text in told.items():
        if text is not None:
            assert text in found[field][0], found
    assert not AlertConfig.objects.exists()


def test_another_users_portfolio_is_as_unknown_as_none(client: APIClient, bob: User) -> None:
    theirs = Portfolio.objects.create(user=bob, name="Theirs", primary=True)
    data = {"alert_type": "risk", "condition": {"hhi": "0.4"}, "portfolio": str(theirs.id)}
    assert "is not one of your portfolios" in errors(client, data)["portfolio"][0]


def test_an_edit_arms_afresh_only_if_it_changes_what_it_waits_for(client: APIClient, ann: User) -> None:
    made = config(ann, {"symbol": "AAPL", "above": 200}, now=now())
    path = f"/api/alerts/{made.id}/"
    assert client.patch(path, {"name": "Rich"}, format="json").json()["name"] == "Rich"
    assert (fresh(made).epoch, fresh(made).version) == (1, 2)
    changed = client.patch(path, {"condition": {"symbol": "AAPL", "below": 100}}, format="json").json()
    assert changed["explain"]["sentence"] == "Tell me when AAPL is at or below $100."
    assert (fresh(made).epoch, fresh(made).version, watch_of(made).epoch) == (2, 3, 2)
    assert client.patch(path, {"condition": {"symbol": "AAPL"}}, format="json").status_code == 400
    risk = client.patch(path, {"alert_type": "risk", "condition": {"drawdown_pct": 5}}, format="json").json()
    assert (risk["symbol"], watch_of(made).series.observable) == (None, "drawdown")
    back = client.patch(path, {"alert_type": "price", "condition": {"symbol": "AAPL", "above": 300}}, format="json")
    assert (back.json()["subject"], back.json()["symbol"]) == (None, "AAPL")


def test_switching_off_and_on_and_deleting(client: APIClient, ann: User) -> None:
    made = config(ann, {"symbol": "AAPL", "above": 200}, now=now())
    path = f"/api/alerts/{made.id}/"
    assert client.post(f"{path}disable/").json()["explain"]["state"] == "off"
    assert client.post(f"{path}disable/").json()["version"] == 2
    assert client.post(f"{path}enable/").json()["explain"]["state"] == "armed"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert not Watch.objects.filter(owner_kind="alert").exists()


def test_what_is_anothers_does_not_exist(client: APIClient, bob: User) -> None:
    theirs = config(bob, {"symbol": "AAPL", "above": 200}, now=now())
    path = f"/api/alerts/{theirs.id}/"
    assert client.get("/api/alerts/").json()["count"] == 0
    answers = [client.get(path), client.patch(path, {"name": "Mine"}, format="json"), client.delete(path)]
    answers += [client.post(f"{path}enable/"), client.post(f"{path}disable/"), client.get(f"{path}explain/")]
    assert {answer.status_code for answer in answers} == {404}
    assert fresh(theirs).name == ""


def test_the_list_is_filtered_and_costs_the_same_for_many(
    client: APIClient, ann: User, django_assert_num_queries: Any
) -> None:
    for level in range(170, 190):
        config(ann, {"symbol": "AAPL", "above": level}, now=now())
    config(ann, {"hhi": "0.5"}, alert_type="risk", now=now())
    client.get("/api/alerts/")  # the calendar is read once per process
    with django_assert_num_queries(5):
        assert client.get("/api/alerts/").json()["count"] == 21
    assert client.get("/api/alerts/?alert_type=risk").json()["count"] == 1
    assert client.get("/api/alerts/?symbol=aapl&page_size=5").json()["count"] == 20
    assert client.get("/api/alerts/?alert_typ=risk").status_code == 400


def test_the_types_come_with_examples_that_can_be_used(client: APIClient, ann: User) -> None:
    types = {row["alert_type"]: row for row in client.get("/api/alerts/types/").json()}
    assert set(types) == set(AlertConfig.Type.values)
    for name in ("price", "risk"):
        for example in types[name]["examples"]:
            assert config(ann, example, alert_type=name, now=now()).enabled


def test_there_is_a_limit_per_user(ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configs, "MOST_PER_USER", 1)
    config(ann, now=now())
    with pytest.raises(Conflict, match="You have 1 alerts, the most allowed: delete one first"):
        config(ann, now=now())


def test_a_split_changes_the_words_and_arms_nothing(ann: User) -> None:
    made = config(ann, {"symbol": "AAPL", "above": 200, "hysteresis": 5}, now=now())
    change = config(ann, {"symbol": "AAPL", "change_pct": 5}, now=now())
    assert splitting.rescale(symbol="AAPL", dollars=lambda old: old / 10, now=now()) == 1
    assert fresh(made).condition == {"symbol": "AAPL", "above": "20", "hysteresis": "0.5"}
    assert (fresh(made).epoch, fresh(made).version, fresh(change).version) == (1, 2, 1)
    late = splitting.made_since("AAPL", made.created_at)
    assert late == {made.id, change.id}
    assert splitting.rescale(symbol="AAPL", dollars=lambda old: old / 10, now=now(), but=late) == 0
