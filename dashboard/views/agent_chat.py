"""The chat: say something, read the answer, answer a card. Nothing is done before a card is confirmed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from agent import chatting
from agent.configuring import config_of
from agent.models import ChatMessage, Provider
from common.clock import now
from common.errors import InvalidInput, NotFound, PufflingError
from dashboard.doors import UserRequest, page, show
from dashboard.selectors.agent_chat import (
    EXAMPLES,
    card_of,
    conversation_list,
    conversation_page,
    message_of,
    messages_of,
)


@require_GET
@page
def chat(request: UserRequest) -> HttpResponse:
    """A new conversation."""
    return _page(request, {"text": request.GET.get("text", "")[: chatting.LONGEST]})


@require_GET
@page
def conversation(request: UserRequest, conversation_id: UUID) -> HttpResponse:
    return _page(request, conversation_page(request.user, conversation_id))


def _page(request: UserRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    config = config_of(request.user, now=now())
    shared = {
        "conversations": conversation_list(request.user),
        "offline": config.provider == Provider.OFFLINE,
        "config": config,
        "examples": EXAMPLES,
        "longest": chatting.LONGEST,
    }
    return show(request, "dashboard/agent/chat.html", {**shared, **context}, active="agent", status=status)


@require_GET
@page
def chat_messages(request: UserRequest, conversation_id: UUID) -> HttpResponse:
    """Older messages, or those that came since."""
    found = chatting.conversation_of(request.user, conversation_id)
    before, after = (
        int(text) if (text := request.GET.get(name, "")).isdigit() else None for name in ("before", "after")
    )
    template = "messages" if after is not None else "older"
    return render(request, f"dashboard/agent/{template}.html", messages_of(found, before=before, after=after))


@require_POST
@page
def say(request: UserRequest) -> HttpResponse:
    """Say something. For the script: an empty answer, or what was wrong; the messages come by themselves."""
    text, typed = request.POST.get("text", ""), request.POST.get("conversation", "")
    try:
        conversation_id = UUID(typed) if typed else None
    except ValueError as error:
        raise NotFound(f"There is no conversation {typed}.") from error
    try:
        answer = chatting.say(user=request.user, text=text, now=now(), conversation_id=conversation_id)
    except InvalidInput as error:
        told = " ".join(error.errors.get("text", [error.detail]))
        if request.htmx:
            return render(request, "dashboard/agent/say_error.html", {"error": told}, status=422)
        context = conversation_page(request.user, conversation_id) if conversation_id else {}
        return _page(request, {**context, "error": told, "text": text}, status=422)
    if request.htmx:
        return HttpResponse("")
    return redirect("dashboard:agent-conversation", answer.conversation_id)


@require_POST
@page
def card_do(request: UserRequest, message_id: int, verb: str) -> HttpResponse:
    """Do what a card says, or leave it. The card comes back as it stands now."""
    card_id, problem = request.POST.get("card", ""), ""
    act = chatting.confirm if verb == "confirm" else chatting.decline
    try:
        act(user=request.user, message_id=message_id, card_id=card_id, now=now())
    except NotFound:
        raise
    except PufflingError as error:
        problem = _said(error)
    message = message_of(request.user, message_id)
    if not request.htmx:
        if problem:
            messages.error(request, problem)
        return redirect("dashboard:agent-conversation", message.conversation_id)
    context = {"message": message, "card": _card(message, card_id), "problem": problem}
    return render(request, "dashboard/agent/card.html", context, status=409 if problem else 200)


def _said(error: PufflingError) -> str:
    if isinstance(error, InvalidInput):
        return " ".join(f"{name.replace('_', ' ')}: {' '.join(texts)}" for name, texts in error.errors.items())
    return error.detail


def _card(message: ChatMessage, card_id: str) -> Any:
    return next((card_of(one) for one in message.cards if one.get("card") == card_id), None)
