"""The feed of alerts, and what people ask to be told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from alerts.models import Alert, AlertConfig
from alerts.raising import raise_alert
from automation.strategies.lifecycle import create_strategy
from common.clock import now
from common.ids import new_id
from dashboard.selectors.alerting import links_of
from portfolios.goals.changing import create_goal
from tests.alerts.making import config
from tests.dashboard.making import rule, signed_in
from tests.orders.making import Desk


def asking(**changes: str) -> dict[str, str]:
    """The form as a person fills it in."""
    return {
        "alert_type": "price",
        "price_symbol": "aapl",
        "price_what": "above",
        "price_level": "120",
        "price_direction": "either",
        "price_window": "1d",
        "severity": "info",
        "repeats": "yes",
        "quiet_minutes": "5",
        **changes,
    }


def alert(desk: Desk, title: str, days: int = 0, **fields: object) -> Alert:
    at = now() - timedelta(days=days)
    given: dict[str, object] = {"kind": "note", **fields}
    made = raise_alert(user_id=desk.user.pk, title=title, now=at, dedupe_key=title, **given)  # type: ignore[arg-type]
    assert made
    return made


def test_the_feed_is_by_days_and_filtered(site: Client, desk: Desk) -> None:
    alert(desk, "Old", days=400, severity="critical")
    alert(desk, "Yesterday's", days=1, kind="fill")
    alert(desk, "New", symbol="AAPL")

    def titles(**query: str) -> list[str]:
        return [row.alert.title for row in site.get("/alerts/", query).context["rows"]]

    assert titles() == ["New", "Yesterday's", "Old"]
    assert titles(severity="critical") == ["Old"]
    assert titles(symbol="aapl ") == ["New"]
    assert titles(kind="fill") == ["Yesterday's"]
    days = [row.day for row in site.get("/alerts/").context["rows"]]
    assert days[:2] == ["Today", "Yesterday"] and "20" in days[2]


def test_an_alert_leads_to_what_it_is_about(site: Client, desk: Desk) -> None:
    action = rule(desk)
    alert(desk, "Fired", kind="firing", data={"action": str(action.pk), "execution": str(new_id())})
    assert f'<a href="/actions/{action.pk}/">The rule</a>' in site.get("/alerts/").content.decode()
    order = new_id()
    assert [link.to for link in links_of({"order": str(order)})] == [f"/orders/{order}/"]
    assert links_of({"order": "no id", "unknown": str(order)}) == []


def test_acknowledging_one_and_all(site: Client, desk: Desk) -> None:
    first = alert(desk, "First")
    alert(desk, "Second")
    site.post(f"/alerts/{first.pk}/acknowledge/")
    assert [row.alert.title for row in site.get("/alerts/", {"open": "1"}).context["rows"]] == ["Second"]
    assert "1 alert acknowledged" in site.post("/alerts/acknowledge/", follow=True).content.decode()


def test_empty_pages_teach(site: Client) -> None:
    assert "Ask to be told" in site.get("/alerts/").content.decode()
    assert "a price moves 5 % in a day" in site.get("/alerts/asked/").content.decode()
    assert "No alerts match" in site.get("/alerts/", {"symbol": "X"}).content.decode()
    for path in ("/alerts/asked/new/", "/alerts/asked/new/?alert_type=rebalance"):
        assert site.get(path).status_code == 200


@pytest.mark.parametrize(
    ("changes", "condition"),
    [
        ({}, {"symbol": "AAPL", "above": "120", "hysteresis": "0"}),
        ({"price_what": "crosses"}, {"symbol": "AAPL", "crosses": "120"}),
        (
            {"price_what": "change_pct", "price_level": "5", "price_direction": "down", "price_window": "1h"},
            {"symbol": "AAPL", "change_pct": "5", "direction": "down", "window": "1h"},
        ),
        ({"alert_type": "risk", "risk_measure": "drawdown_pct", "risk_level": "10"}, {"drawdown_pct": "10"}),
        (
            {"alert_type": "risk", "risk_measure": "var_pct", "risk_level": "3", "risk_confidence": "99"},
            {"var_pct": "3", "confidence": "99"},
        ),
    ],
)
def test_what_is_asked_is_watched(site: Client, desk: Desk, changes: dict[str, str], condition: dict[str, str]) -> None:
    answer = site.post("/alerts/asked/new/", asking(**changes), follow=True)
    assert "It is watched from now on" in answer.content.decode()
    made = AlertConfig.objects.get(user=desk.user)
    assert made.condition == condition
    assert made.cooldown_seconds == 300 and made.repeats
    form = site.get(f"/alerts/asked/{made.pk}/").context["form"]
    again = {name: str(form[name].value() or "") for name in form.fields}
    site.post(f"/alerts/asked/{made.pk}/", again)
    made.refresh_from_db()
    assert made.condition == condition and made.version == 1, "the form shows what is kept"


def test_signals_and_goals_are_chosen_from_ones_own(site: Client, desk: Desk, other: Desk) -> None:
    data = {"strategy_type": "momentum", "symbols": ["AAPL"], "name": "Swing"}
    mine = create_strategy(user=desk.user, data=data, now=now(), actor="ada")
    theirs = create_strategy(user=other.user, data={**data, "name": "Theirs"}, now=now(), actor="bob")
    weights = {"name": "Retire", "target_weights": {"AAPL": "1"}}
    goal = create_goal(user=desk.user, data=weights, now=now(), actor="ada")
    page = site.get("/alerts/asked/new/").content.decode()
    assert "Swing" in page and "Retire" in page and "Theirs" not in page
    site.post("/alerts/asked/new/", asking(alert_type="signal", signal_strategy=str(mine.pk), signal_side="buy"))
    site.post("/alerts/asked/new/", asking(alert_type="rebalance", rebalance_goal=str(goal.pk)))
    kept = {made.alert_type: made.subject for made in AlertConfig.objects.all()}
    assert kept == {"signal": mine.pk, "rebalance": goal.pk}
    refused = site.post("/alerts/asked/new/", asking(alert_type="signal", signal_strategy=str(theirs.pk)))
    assert refused.status_code == 422 and "is not one of your strategies" in refused.content.decode()


def test_refusals_stand_beside_their_field(site: Client, desk: Desk) -> None:
    answer = site.post("/alerts/asked/new/", asking(price_symbol="APPL"))
    assert answer.status_code == 422
    assert "did you mean AAPL?" in answer.context["form"].errors["price_symbol"][0]
    answer = site.post("/alerts/asked/new/", asking(price_level="lots"))
    assert "is not a number" in answer.context["form"].errors["price_level"][0]
    answer = site.post("/alerts/asked/new/", asking(quiet_minutes="soon"))
    assert "is not a number of minutes" in answer.context["form"].errors["quiet_minutes"][0]
    assert not AlertConfig.objects.exists()


def test_the_sentence_is_written_as_one_types(site: Client, desk: Desk) -> None:
    said = site.post("/alerts/asked/preview/", asking()).content.decode()
    assert "Tell me when AAPL is at or above $120." in said
    assert "$20.00" in said, "how far it is away"
    assert "It is true already" in site.post("/alerts/asked/preview/", asking(price_level="90")).content.decode()
    missing = site.post("/alerts/asked/preview/", asking(price_level="")).content.decode()
    assert "Still missing" in missing and "Level" in missing
    assert not AlertConfig.objects.exists()


def test_off_on_and_deleted(site: Client, desk: Desk) -> None:
    made = config(desk.user, now=now())
    site.post(f"/alerts/asked/{made.pk}/disable/")
    made.refresh_from_db()
    assert not made.enabled
    assert ">Off<" in site.get("/alerts/asked/").content.decode()
    site.post(f"/alerts/asked/{made.pk}/enable/")
    made.refresh_from_db()
    assert made.enabled
    answer = site.post(f"/alerts/asked/{made.pk}/delete/", follow=True)
    assert "What it told stays" in answer.content.decode()
    assert not AlertConfig.objects.exists()


def test_the_list_says_where_each_stands(site: Client, desk: Desk) -> None:
    made = config(desk.user, now=now())
    alert(desk, "AAPL went", data={"config": str(made.pk)}, kind="price")
    page = site.get("/alerts/asked/").content.decode()
    assert "Watching" in page and "$100.00" in page and "$10.00" in page
    assert "AAPL went" in site.get(f"/alerts/asked/{made.pk}/").content.decode()
    assert [row.config.pk for row in site.get("/alerts/asked/", {"type": "risk"}).context["rows"]] == []


def test_what_somebody_else_asked_does_not_exist(site: Client, desk: Desk, other: Desk) -> None:
    made = config(desk.user, now=now())
    mine = alert(desk, "Ada's")
    stranger = signed_in(other)
    assert stranger.get(f"/alerts/asked/{made.pk}/").status_code == 404
    assert stranger.post(f"/alerts/asked/{made.pk}/", asking()).status_code == 404
    for verb in ("enable", "disable", "delete"):
        assert stranger.post(f"/alerts/asked/{made.pk}/{verb}/").status_code == 404
    assert stranger.post(f"/alerts/{mine.pk}/acknowledge/").status_code == 404
    assert not stranger.get("/alerts/").context["rows"] and not stranger.get("/alerts/asked/").context["rows"]
