"""The chat pages: say, answer, confirm; older messages; nobody else's."""

from __future__ import annotations

from typing import Any

from django.test import Client

from agent.models import ChatMessage, Conversation
from automation.models import Action
from common.clock import now
from tests.dashboard.agents import say
from tests.dashboard.making import rule, signed_in
from tests.orders.making import Desk

HTMX = {"HX-Request": "true"}
SENTENCE = "Buy 10 AAPL if it drops below 80"


def card(message: ChatMessage) -> dict[str, Any]:
    return {"card": message.cards[0]["card"]}


def test_a_new_conversation_offers_sentences(site: Client) -> None:
    text = site.get("/agent/chat/").content.decode()
    assert "Sell 10 AAPL if the price drops below 150 by Friday" in text
    assert "No language model is set up" in text
    assert "autofocus" in text


def test_a_sentence_becomes_a_card_and_the_card_a_rule(site: Client, desk: Desk) -> None:
    answer = site.post("/agent/chat/say/", {"text": SENTENCE})
    conversation = Conversation.objects.get()
    assert answer["Location"] == f"/agent/chat/{conversation.pk}/"
    text = site.get(answer["Location"]).content.decode()
    assert "Buy 10 AAPL when AAPL is at or below $80" in text
    assert not Action.objects.exists()
    message = conversation.messages.get(role="assistant")
    done = site.post(f"/agent/chat/messages/{message.pk}/confirm/", card(message), headers=HTMX)
    made = Action.objects.get(user=desk.user)
    assert f"/actions/{made.pk}/" in done.content.decode()
    again = site.post(f"/agent/chat/messages/{message.pk}/confirm/", card(message), headers=HTMX)
    assert again.status_code == 409
    assert "nothing was done now" in again.content.decode()
    assert Action.objects.count() == 1


def test_a_card_is_left(site: Client, desk: Desk) -> None:
    message = say(desk, SENTENCE)
    site.post(f"/agent/chat/messages/{message.pk}/decline/", card(message))
    assert "Left" in site.get(f"/agent/chat/{message.conversation_id}/").content.decode()
    assert not Action.objects.exists()


def test_what_is_said_with_the_script_is_answered_by_what_comes_after(site: Client, desk: Desk) -> None:
    first = say(desk, "List my active rules")
    path = f"/agent/chat/{first.conversation_id}/"
    answer = site.post("/agent/chat/say/", {"text": SENTENCE, "conversation": first.conversation_id}, headers=HTMX)
    assert answer.content == b""
    text = site.get(f"{path}messages/?after={first.pk}").content.decode()
    assert text.count('class="message') == 2
    assert "data-tail" in text
    wrong = site.post("/agent/chat/say/", {"text": " ", "conversation": first.conversation_id}, headers=HTMX)
    assert wrong.status_code == 422
    assert "Say something" in wrong.content.decode()


def test_an_empty_message_keeps_the_page(site: Client) -> None:
    answer = site.post("/agent/chat/say/", {"text": ""})
    assert answer.status_code == 422
    assert "Say something, in at most 2000 characters." in answer.content.decode()


def test_a_long_conversation_loads_older_messages(site: Client, desk: Desk) -> None:
    last = say(desk, "List my active rules")
    for number in range(50):
        ChatMessage.objects.create(conversation=last.conversation, role="note", text=f"note {number:02}", at=now())
    path = f"/agent/chat/{last.conversation_id}/"
    text = site.get(path).content.decode()
    assert "note 49" in text
    assert "note 05" not in text
    oldest = ChatMessage.objects.get(text="note 10")
    older = site.get(f"{path}messages/?before={oldest.pk}").content.decode()
    assert "note 09" in older
    assert "note 10" not in older
    assert "Load older" not in older


def test_a_rule_is_paused_by_its_card(site: Client, desk: Desk) -> None:
    made = rule(desk)
    message = say(desk, "Pause my AAPL rules")
    site.post(f"/agent/chat/messages/{message.pk}/confirm/", card(message))
    made.refresh_from_db()
    assert made.status == "paused"


def test_another_users_conversation_does_not_exist(desk: Desk, other: Desk) -> None:
    message = say(desk, SENTENCE)
    theirs = signed_in(other)
    path = f"/agent/chat/{message.conversation_id}/"
    assert theirs.get(path).status_code == 404
    assert theirs.get(f"{path}messages/?after=0").status_code == 404
    assert theirs.post("/agent/chat/say/", {"text": "x", "conversation": message.conversation_id}).status_code == 404
    assert theirs.post(f"/agent/chat/messages/{message.pk}/confirm/", card(message)).status_code == 404
    assert not Action.objects.exists()
