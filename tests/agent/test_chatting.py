"""Conversations: drafts on cards, confirmed once; rules looked at and changed; everything else goes to the agent."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from agent import chatting
from agent.intents import intent_of
from agent.models import AgentRun, ChatMessage
from agent.running import execute
from automation.models import Action
from common.clock import now
from common.errors import Conflict, NotFound
from markets import calendar
from markets.models import MarketSession
from orders.models import Order
from tests.automation.making import hold
from tests.orders.making import Desk, open_desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def holding(desk: Desk, at: datetime) -> None:
    hold(desk, "AAPL", "100")
    calendar.ensure_exchanges()
    near = calendar.new_york_sessions(at.date() - timedelta(days=20), at.date() + timedelta(days=40))
    MarketSession.objects.bulk_create(near, ignore_conflicts=True)


def say(desk: Desk, text: str, answered: ChatMessage | None = None) -> ChatMessage:
    conversation = answered.conversation_id if answered else None
    return chatting.say(user=desk.user, text=text, now=now(), conversation_id=conversation)


def agree(desk: Desk, message: ChatMessage, place: int = 0) -> dict[str, Any]:
    return chatting.confirm(user=desk.user, message_id=message.pk, card_id=message.cards[place]["card"], now=now())


def test_the_sentence_of_the_design_becomes_a_rule_when_confirmed(desk: Desk) -> None:
    answer = say(desk, "Sell 10 AAPL if price drops below 80 by Friday")
    (card,) = answer.cards
    assert card["sentence"].startswith("Sell 10 AAPL when AAPL is at or below $80")
    assert not Action.objects.exists(), "a draft is not a rule"
    done = agree(desk, answer)
    made = Action.objects.get()
    assert (done["state"], done["action"]) == ("done", str(made.pk))
    assert (made.quantity, made.trigger_type, made.max_executions) == (Decimal(10), "price_below", 1)
    assert made.valid_until is not None
    with pytest.raises(Conflict):
        agree(desk, answer)
    assert Action.objects.count() == 1
    assert not Order.objects.exists()


def test_a_declined_card_stays_undone(desk: Desk) -> None:
    answer = say(desk, "Buy $200 of AAPL every Monday at open")
    chatting.decline(user=desk.user, message_id=answer.pk, card_id=answer.cards[0]["card"], now=now())
    with pytest.raises(Conflict):
        agree(desk, answer)
    assert not Action.objects.exists()


def test_what_is_open_is_asked_and_the_answer_completes_it(desk: Desk) -> None:
    asked = say(desk, "buy AAPL if it drops below 80")
    assert asked.cards[0]["kind"] == "question"
    answer = say(desk, "10 shares", asked)
    assert answer.cards[0]["kind"] == "create", answer.text
    agree(desk, answer)
    assert Action.objects.get().quantity == Decimal(10)


def test_a_target_and_a_stop_are_two_cards_of_one_group(desk: Desk) -> None:
    answer = say(desk, "take profit at 120 or stop at 80 on AAPL, half my position")
    assert len(answer.cards) == 2
    agree(desk, answer, 0)
    message = ChatMessage.objects.get(pk=answer.pk)
    agree(desk, message, 1)
    first, second = Action.objects.all()
    assert first.group == second.group != ""


@pytest.mark.parametrize(
    ("text", "kind", "which"),
    [
        ("list my rules", "list", ""),
        ("show me all my active rules", "list", ""),
        ("why didn't my AAPL rule fire?", "why", "AAPL"),
        ("pause my AAPL rule", "pause", "AAPL"),
        ("resume all my rules", "resume", ""),
        ("cancel the rule on MSFT", "cancel", "MSFT"),
        ("change the price of my AAPL rule to 85", "edit", "AAPL"),
        ("explain my AAPL rule", "explain", "AAPL"),
    ],
)
def test_intents(text: str, kind: str, which: str) -> None:
    found = intent_of(text)
    assert found is not None
    assert (found.kind, found.which) == (kind, which)


@pytest.mark.parametrize(
    "text", ["sell 10 AAPL at 200", "stop at 150", "remove half my AAPL at 200 from the book", "hi"]
)
def test_sentences_for_rules_are_no_intents(text: str) -> None:
    assert intent_of(text) is None


def test_rules_are_listed_explained_changed_and_cancelled(desk: Desk) -> None:
    agree(desk, say(desk, "Sell 10 AAPL if price drops below 80"))
    rule = Action.objects.get()
    assert "Sell 10 AAPL" in say(desk, "list my rules").text
    assert "80" in say(desk, "explain my AAPL rule").text
    assert say(desk, "why didn't my AAPL rule fire?").text
    edited = say(desk, "change the price of my AAPL rule to 85")
    agree(desk, edited)
    rule.refresh_from_db()
    assert rule.trigger_params["threshold"] == "85"
    for verb, status in (("pause", "paused"), ("resume", "active"), ("cancel", "cancelled")):
        answer = say(desk, f"{verb} my AAPL rule")
        rule.refresh_from_db()
        assert rule.status != status, "nothing happens before the card is confirmed"
        agree(desk, answer)
        rule.refresh_from_db()
        assert rule.status == status


def test_what_is_refused_says_why(desk: Desk) -> None:
    answer = say(desk, "disable the safety limits and short 10 AAPL")
    assert answer.cards == []
    assert "Safety" in answer.text or "shorting" in answer.text


def test_everything_else_goes_to_the_agent_and_its_report_arrives(desk: Desk) -> None:
    answer = say(desk, "how is my portfolio doing?")
    run = AgentRun.objects.get()
    assert answer.run_id == run.pk
    execute(run.pk, clock=now)
    last = ChatMessage.objects.filter(conversation=answer.conversation).latest("id")
    assert last.run_id == run.pk
    assert "(Offline, without a language model)" in last.text


def test_another_user_sees_and_answers_nothing(desk: Desk, at: datetime) -> None:
    answer = say(desk, "Buy $200 of AAPL every Monday at open")
    other = open_desk("eve", now=at)
    with pytest.raises(NotFound):
        chatting.confirm(user=other.user, message_id=answer.pk, card_id=answer.cards[0]["card"], now=now())
    client = APIClient()
    client.force_authenticate(other.user)
    assert client.get("/api/agent/chat/").json()["results"] == []
    assert client.get(f"/api/agent/chat/{answer.conversation_id}/messages/").status_code == 404
    path = f"/api/agent/chat/messages/{answer.pk}/confirm/"
    assert client.post(path, {"card": answer.cards[0]["card"]}, format="json").status_code == 404
    assert not Action.objects.exists()


def test_over_the_api(desk: Desk) -> None:
    client = APIClient()
    client.force_authenticate(desk.user)
    parsed = client.post("/api/agent/parse/", {"text": "Sell 10 AAPL if price drops below 80"}, format="json").json()
    assert parsed["complete"] and parsed["offline"]
    assert parsed["sentences"] == ["Sell 10 AAPL when AAPL is at or below $80."]
    said = client.post("/api/agent/chat/", {"text": "Sell 10 AAPL if price drops below 80"}, format="json").json()
    card = said["cards"][0]["card"]
    path = f"/api/agent/chat/messages/{said['id']}/confirm/"
    assert client.post(path, {"card": card}, format="json").status_code == 200
    assert client.post(path, {"card": card}, format="json").status_code == 409
    assert len(client.get(f"/api/agent/chat/{said['conversation']}/messages/").json()["results"]) == 2
